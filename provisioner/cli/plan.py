"""`provision plan`."""

from __future__ import annotations

import click

from provisioner.cli.commands import Command
from provisioner.cli.convergence import file_documents, file_line
from provisioner.cli.output import listing
from provisioner.cli.session import Session, pass_session
from provisioner.service import plan_change as service


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.argument("new_plan", metavar="NEW_PLAN")
@click.option("--dry-run", is_flag=True, help="Print the steps that would run, and run none.")
@pass_session
def plan(session: Session, /, id_: str, new_plan: str, dry_run: bool) -> None:
    """Give a client another plan, larger or smaller, and restart it with that.

    A smaller plan in which its users, cases, documents or API keys do not fit is refused (exit code 2), and
    the message says by what. Figures of its own (`--set`, `provision set`) stay, unless the new plan has the
    same ones. What was used this month stays counted.

    \b
    Example:
        provision plan dupont enterprise
        provision plan dupont starter --dry-run
    """
    if dry_run:
        session.output.steps(service.rehearse(session.context, id_, new_plan))
        return
    changed, reports = service.change(session.context, id_, new_plan)
    document = {
        "id": id_,
        "plan": changed.after,
        "previous_plan": changed.before,
        "kept": dict(changed.kept),
        "dropped": dict(changed.dropped),
        "files": file_documents(reports),
    }
    figures = listing({"its own figures": changed.kept, "now the plan's": changed.dropped})
    lines = (f"{id_} is on {changed.after} (before: {changed.before}).", figures, *map(file_line, reports))
    session.output.result(document, lambda: "\n".join(line for line in lines if line))
