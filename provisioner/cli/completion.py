"""`provision completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from provisioner.cli.commands import Command
from provisioner.cli.session import Session, pass_session


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@pass_session
@click.pass_context
def completion(ctx: click.Context, session: Session, /, shell: str) -> None:
    """Print what makes your shell complete commands, options and values.

    \b
    Example:
        provision completion bash >> ~/.bashrc
        provision completion fish > ~/.config/fish/completions/provision.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}", ctx)
    script = found(ctx.find_root().command, {}, "provision", "_PROVISION_COMPLETE").source()
    session.output.result({"shell": shell, "script": script}, lambda: script)
