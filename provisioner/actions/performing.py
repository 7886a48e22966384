"""Does what is asked for through the very services of the command line, and tells how it goes."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from pydantic import ValidationError

from provisioner.actions.answering import answer
from provisioner.actions.requests import (
    QUESTIONS,
    ActionName,
    Arguments,
    Create,
    Package,
    Plan,
    Request,
    Resume,
    Rotate,
    Suspend,
)
from provisioner.clock import stamp
from provisioner.errors import ProvisionError, Refused, WrongState, from_system
from provisioner.service import backups, new, package_making, plan_change, rotation, suspension
from provisioner.service.backup_keys import seal_for
from provisioner.service.context import Context
from provisioner.service.sight import Sight
from provisioner.service.welcome import greet
from provisioner.spec import TenantRequest
from provisioner.steps import Step, StopProgram

Told = dict[str, Any]
"""One line of the answer: ``{"step": …, "number": n, "count": n}``, ``{"said": …}``, and last either
``{"done": {…}, "secrets": {…}}`` or ``{"error": {"code", "message", "mend", "refused"}}``."""
Tell = Callable[[Told], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an action; ``secrets`` are shown once and kept nowhere."""

    done: dict[str, Any]
    secrets: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Telling:
    """Tells each step as it begins (see ``provisioner.apply.executor.Observer``)."""

    tell: Tell

    def begins(self, number: int, count: int, step: Step) -> None:
        self.tell({"step": step.describe(), "number": number, "count": count})

    def ends(self, number: int, count: int, step: Step) -> None:
        """Nothing: the next one tells."""

    def undoes(self, step: Step) -> None:
        self.tell({"said": f"undoing: {step.describe()}"})


def perform(context: Context, line: bytes, tell: Tell) -> None:
    """Do what one line asks for, and tell its progress and its end. Never raises for what is asked.

    Must be called in the main thread: signals are heard between steps.
    """
    try:
        outcome = _performed(context, line, tell)
    except ProvisionError as error:
        tell({"error": _document(error)})
    except OSError as error:
        tell({"error": _document(from_system(error))})
    except Exception as error:  # noqa: BLE001 - the last door: whoever asked is told, the log has the rest
        traceback.print_exception(error)
        failure = ProvisionError(
            f"Tenantry failed where it should not ({type(error).__name__}).", "Its log has the rest."
        )
        tell({"error": _document(failure)})
    else:
        tell({"done": outcome.done, "secrets": outcome.secrets})


def _performed(context: Context, line: bytes, tell: Tell) -> Outcome:
    try:
        request = Request.model_validate_json(line)
        arguments = request.checked()
    except ValidationError as error:
        raise Refused(f"This cannot be asked for: {_first_reason(error)}.") from error
    # A context keeps what it has loaded; this program lives longer than what was loaded is true.
    now = replace(
        context, acting=request.who, observer=_Telling(tell), say=lambda message: tell({"said": message})
    )
    if request.action in QUESTIONS:
        return Outcome(answer(now, request.client, arguments, tell), {})
    _require_not_to_be_restarted(now)
    return _ACTIONS[cast(ActionName, request.action)](now, request.client, arguments)


def _first_reason(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def _require_not_to_be_restarted(context: Context) -> None:
    """Refuse while this program's own part of the host is to change: it would end itself in the middle."""
    own = context.driver.actions.programs
    steps = context.driver.host_steps(Sight.without_lock(context).host())
    if any(isinstance(step, StopProgram) and step.name in own for step in steps):
        raise WrongState(
            "The shared parts of this host are of another version or settings than this program.",
            "`provision host init` brings them up to date; then do this again.",
        )


def _document(error: ProvisionError) -> dict[str, Any]:
    refused = isinstance(error, Refused)
    return {"code": error.code, "message": error.message, "mend": error.mend, "refused": refused}


def _create(context: Context, client: str, arguments: Create) -> Outcome:
    given = arguments.model_dump(exclude_none=True)
    request = TenantRequest(id=client, started_on=context.clock.now().date(), **given)
    created = new.create(context, request, None)
    access = created.access
    secrets = {"password": access.password, "api_key": access.api_key}
    told = {"url": created.url, "admin_email": access.email, **_greeted(context, client)}
    return Outcome(
        told,
        {name: one.get_secret_value() for name, one in secrets.items() if one},
    )


def _greeted(context: Context, client: str) -> dict[str, Any]:
    """Welcome the client by letter, as `provision new` does; it is there whatever comes of that."""
    try:
        letter = greet(context, client)
    except ProvisionError as error:
        return {"letter": None, "letter_trouble": error.message}
    if letter is None:
        return {}
    trouble = letter.trouble.message if letter.trouble else None
    return {"letter": letter.number, "letter_sent": letter.sent, "letter_trouble": trouble}


def _plan(context: Context, client: str, arguments: Plan) -> Outcome:
    changed, _ = plan_change.change(context, client, arguments.plan)
    return Outcome({"plan": changed.after, "previous_plan": changed.before}, {})


def _suspend(context: Context, client: str, arguments: Suspend) -> Outcome:
    suspension.suspend(context, client, arguments.reason)
    return Outcome({"state": "suspended"}, {})


def _resume(context: Context, client: str, arguments: Resume) -> Outcome:
    suspension.resume(context, client, arguments.reason)
    return Outcome({"state": "running"}, {})


def _rotate(context: Context, client: str, arguments: Rotate) -> Outcome:
    until = rotation.rotate(context, client, at_once=arguments.at_once)
    return Outcome({"former_key_until": stamp(until) if until else None}, {})


def _backup(context: Context, client: str, _arguments: Arguments) -> Outcome:
    written = backups.backup(context, client, seal=seal_for(context))
    return Outcome({"file": written.where, "size": written.size}, {})


def _package(context: Context, client: str, arguments: Package) -> Outcome:
    made = package_making.make(context, client, replace=arguments.replace)
    return Outcome({"file": str(made.package.file), "size": made.package.size}, {})


_Perform = Callable[[Context, str, Arguments], Outcome]
_ACTIONS: Final = cast(
    Mapping[ActionName, _Perform],
    {
        "create": _create,
        "plan": _plan,
        "suspend": _suspend,
        "resume": _resume,
        "rotate": _rotate,
        "backup": _backup,
        "package": _package,
    },
)
