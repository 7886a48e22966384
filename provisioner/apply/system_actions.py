"""System users, commands, supervised programs and waiting for an answer."""

from __future__ import annotations

from functools import partial

from provisioner.apply import remaining
from provisioner.apply.probe import wait_for_answer
from provisioner.apply.tools import Tools, Undo
from provisioner.commands import system_users
from provisioner.commands.command import Command
from provisioner.steps import (
    CreateGroup,
    CreateUser,
    EndRemaining,
    Probe,
    RemoveUser,
    RestartProgram,
    Run,
    SignalProgram,
    StartProgram,
    StopProgram,
)
from provisioner.system_accounts import group_exists, user_exists


def create_group(step: CreateGroup, tools: Tools) -> Undo | None:
    """Create the group unless it is there."""
    if group_exists(step.name):
        return None
    tools.runner.run(system_users.create_group(step.name))
    return partial(_run, system_users.remove_group(step.name), tools)


def create_user(step: CreateUser, tools: Tools) -> Undo | None:
    """Create the user unless it is there."""
    if user_exists(step.name):
        return None
    tools.runner.run(system_users.create_user(step.name, step.home, step.groups))
    return partial(_run, system_users.remove_user(step.name), tools)


def remove_user(step: RemoveUser, tools: Tools) -> Undo | None:
    """Remove the user if it is there. Its number may be given to another at once: no way back."""
    if user_exists(step.name):
        tools.runner.run(system_users.remove_user(step.name))
    return None


def run(step: Run, tools: Tools) -> Undo | None:
    """Run the command; its own undo is run to take it back."""
    tools.runner.run(step.command)
    return partial(_run, step.undo, tools) if step.undo else None


def start_program(step: StartProgram, tools: Tools) -> Undo | None:
    """Start the program; one that is coming up already is waited for like one that was started here."""
    was_running = tools.programs.is_running(step.name)
    tools.programs.start(step.name)
    return None if was_running else partial(tools.programs.stop, step.name, forget=True)


def restart_program(step: RestartProgram, tools: Tools) -> Undo | None:
    """Restart the program."""
    tools.programs.restart(step.name)
    return None


def stop_program(step: StopProgram, tools: Tools) -> Undo | None:
    """Stop the program; it is started again from the configuration that is there when this is undone."""
    was_running = tools.programs.is_running(step.name)
    tools.programs.stop(step.name, forget=step.forget, at_once=step.at_once)
    return partial(tools.programs.start, step.name) if was_running else None


def signal_program(step: SignalProgram, tools: Tools) -> Undo | None:
    """Send the signal."""
    tools.programs.signal(step.name, step.signal)
    return None


def probe(step: Probe, tools: Tools) -> Undo | None:
    """Wait for the answer."""
    trouble = partial(tools.programs.trouble, step.program) if step.program else _no_trouble
    wait_for_answer(step, tools.interruption.check, trouble)
    return None


def end_remaining(step: EndRemaining, _tools: Tools) -> Undo | None:
    """End what still runs."""
    remaining.end_all(step)
    return None


def _no_trouble() -> None:
    return None


def _run(command: Command, tools: Tools) -> None:
    tools.runner.run(command)
