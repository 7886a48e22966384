"""`provision host`."""

from __future__ import annotations

from typing import Final

import click

from provisioner.cli.commands import Group
from provisioner.cli.output import error_document
from provisioner.cli.session import Session, pass_session
from provisioner.service import certificates
from provisioner.service import host as service

FAILED: Final = 1


@click.group(cls=Group)
def host() -> None:
    """Begin a host, bring it back after a reboot, and stop it.

    \b
    Example:
        provision host init
    """


@host.command()
@click.option("--dry-run", is_flag=True, help="Print the steps that would run, and run none.")
@pass_session
def init(session: Session, /, dry_run: bool) -> None:
    """Have this root, its settings file and its shared programs there and running.

    Clients that were running come back with them. Running it again does no harm.

    \b
    Example:
        provision --root /srv/assistants host init
    """
    context = session.context
    if dry_run:
        session.output.steps(service.rehearse_init(context))
        return
    service.init(context)
    for notice in context.driver.notices():
        session.output.say(f"WARNING: {notice}")
    dashboard = context.host.public_url(context.host.admin_name)
    document = {"root": str(context.root), "driver": context.driver.name, "dashboard": dashboard}
    session.output.result(document, lambda: f"{context.root} is ready; the dashboard is on {dashboard}.")


@host.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@pass_session
def renew(session: Session, /, names: tuple[str, ...]) -> None:
    """Renew the certificates obtained from an ACME authority that run out, and have nginx read them in.

    The host does so by itself twice a day. With a NAME, the certificate called so is renewed at once: each is
    called by its host name, one for all clients by the base domain.

    \b
    Example:
        provision host renew dupont.example.fr
    """
    outcomes = certificates.renew(session.context, names)
    for one in outcomes:
        if one.error:
            session.output.trouble(one.name, one.error)
    document = [
        {"name": one.name, "renewed": one.error is None, "error": one.error and error_document(one.error)}
        for one in outcomes
    ]
    renewed = [f"{one.name} is renewed." for one in outcomes if not one.error]
    session.output.result(document, lambda: "\n".join(renewed))
    if len(renewed) < len(outcomes):
        click.get_current_context().exit(FAILED)


@host.command()
@pass_session
def stop(session: Session, /) -> None:
    """Stop every program of this root. Nothing is lost: `host init` brings back what ran.

    \b
    Example:
        provision host stop
    """
    service.stop(session.context)
    document = {"root": str(session.context.root), "state": "stopped"}
    session.output.result(document, lambda: f"Nothing of {session.context.root} is running any more.")
