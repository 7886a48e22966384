"""`provision apply` and `diff`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from provisioner.cli.commands import Command
from provisioner.cli.session import Session, pass_session
from provisioner.service import convergence as service

FOUND: Final = 3


@click.command(cls=Command)
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--reset", is_flag=True, help="Overwrite files that were edited by hand, too.")
@pass_session
def apply(session: Session, /, id_: str | None, reset: bool) -> None:
    """Bring one client, or all, to what plans.yaml, host.yaml and its settings say.

    Files that somebody edited by hand are reported and kept, unless `--reset` is given.

    \b
    Example:
        provision apply
        provision apply dupont --reset
    """
    show_reports(session, service.apply(session.context, id_, reset=reset))


@click.command(cls=Command)
@click.argument("id_", metavar="[ID]", required=False)
@pass_session
def diff(session: Session, /, id_: str | None) -> int:
    """Show which files are not as they shall be; exit code 3 when there are any.

    Of secret files only the names of the keys that differ are shown.

    \b
    Example:
        provision diff dupont
    """
    reports = service.diff(session.context, id_)
    text = "\n".join(f"{_line(report)}\n" + "\n".join(report.lines) for report in reports)
    session.output.result(_documents(reports), lambda: text or "Everything is as it shall be.")
    return FOUND if reports else 0


def show_reports(session: Session, reports: Sequence[service.FileReport]) -> None:
    """Show what was found for each file."""
    session.output.result(
        _documents(reports), lambda: "\n".join(map(_line, reports)) or "There is no client to apply to."
    )


def _line(report: service.FileReport) -> str:
    kept = " (kept unless --reset)" if report.change == service.Change.HAND_EDITED else ""
    return f"{report.change:<12} {report.path}{kept}"


def _documents(reports: Sequence[service.FileReport]) -> list[dict[str, object]]:
    return [
        {"id": one.tenant_id, "path": str(one.path), "change": one.change, "lines": list(one.lines)}
        for one in reports
    ]
