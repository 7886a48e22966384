"""`provision apply` and `diff`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from provisioner.cli.commands import Command
from provisioner.cli.output import error_document
from provisioner.cli.session import Session, pass_session
from provisioner.service import convergence as service

FOUND: Final = 3
FAILED: Final = 1


@click.command(cls=Command)
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--reset", is_flag=True, help="Overwrite files that were edited by hand, too.")
@pass_session
def apply(session: Session, /, id_: str | None, reset: bool) -> int:
    """Bring one client, or all, to what plans.yaml, host.yaml and its settings say.

    Files that somebody edited by hand are reported and kept, unless `--reset` is given. Of all clients, one
    that fails is undone and the others are gone on with; exit code 1 when there was one.

    \b
    Example:
        provision apply
        provision apply dupont --reset
    """
    outcomes = service.apply(session.context, id_, reset=reset)
    documents = [_outcome_document(one) for one in outcomes]
    session.output.result(documents, lambda: _lines(outcomes) or "There is no client to apply to.")
    return _tell_failures(session, outcomes)


@click.command(cls=Command)
@click.argument("id_", metavar="[ID]", required=False)
@pass_session
def diff(session: Session, /, id_: str | None) -> int:
    """Show which files are not as they shall be; exit code 3 when there are any.

    Of secret files only the names of the keys that differ are shown. Exit code 1 when some client's files
    cannot be compared; those of the others are shown.

    \b
    Example:
        provision diff dupont
    """
    outcomes = service.diff(session.context, id_)
    reports = [report for one in outcomes for report in one.files]
    text = "\n".join(f"{file_line(report)}\n" + "\n".join(report.lines) for report in reports)
    incomparable = [_incomparable(one) for one in outcomes if one.error]
    nothing = "" if incomparable else "Everything is as it shall be."
    session.output.result([*file_documents(reports), *incomparable], lambda: text or nothing)
    return _tell_failures(session, outcomes) or (FOUND if reports else 0)


def show_reports(session: Session, reports: Sequence[service.FileReport]) -> None:
    """Show what was found for each file."""
    session.output.result(file_documents(reports), lambda: "\n".join(map(file_line, reports)))


def file_documents(reports: Sequence[service.FileReport]) -> list[dict[str, object]]:
    """Return what was found for each file as it stands in JSON."""
    return [
        {"id": one.tenant_id, "path": str(one.path), "change": one.change, "lines": list(one.lines)}
        for one in reports
    ]


def file_line(report: service.FileReport) -> str:
    """Return what was found for one file, in one line."""
    kept = " (kept unless --reset)" if report.change == service.Change.HAND_EDITED else ""
    return f"{report.change:<12} {report.path}{kept}"


def _lines(outcomes: Sequence[service.Outcome]) -> str:
    return "\n".join(
        line
        for one in outcomes
        for line in (
            map(file_line, one.files)
            if one.ending == service.Ending.DONE
            else [f"{one.ending:<12} {one.tenant_id}"]
        )
    )


def _outcome_document(one: service.Outcome) -> dict[str, object]:
    return {
        "id": one.tenant_id,
        "outcome": one.ending,
        "files": file_documents(one.files),
        "error": error_document(one.error) if one.error else None,
    }


def _incomparable(one: service.Outcome) -> dict[str, object]:
    """A row of `diff` for a client whose files are unknown, which is not the same as unchanged."""
    error = error_document(one.error) if one.error else None
    return {"id": one.tenant_id, "path": None, "change": "unknown", "lines": [], "error": error}


def _tell_failures(session: Session, outcomes: Sequence[service.Outcome]) -> int:
    """Tell people of each client that could not be brought to its end; return the exit code."""
    for one in outcomes:
        if one.error:
            session.output.trouble(one.tenant_id, one.error)
    return 0 if all(one.ending == service.Ending.DONE for one in outcomes) else FAILED
