"""`provision domain`: one client's own host names."""

from __future__ import annotations

import click

from provisioner.cli.commands import Group
from provisioner.cli.convergence import show_reports
from provisioner.cli.session import Session, pass_session
from provisioner.service import domains as service


@click.group(cls=Group)
def domain() -> None:
    """Give a client further host names, or take them away; `provision show` lists them.

    \b
    Example:
        provision domain add dupont assistant.cabinet-dupont.fr
    """


@domain.command()
@click.argument("id_", metavar="ID")
@click.argument("host")
@pass_session
def add(session: Session, /, id_: str, host: str) -> None:
    """Have a client answer on a host name of its own as well, and restart it with that.

    The name must lead to this host (DNS), lie outside the base domain, and belong to no other client.

    \b
    Example:
        provision domain add dupont assistant.cabinet-dupont.fr
    """
    show_reports(session, service.add(session.context, id_, host))


@domain.command()
@click.argument("id_", metavar="ID")
@click.argument("host")
@pass_session
def remove(session: Session, /, id_: str, host: str) -> None:
    """Have a client no longer answer on one of its own host names, and restart it without.

    \b
    Example:
        provision domain remove dupont assistant.cabinet-dupont.fr
    """
    show_reports(session, service.remove(session.context, id_, host))
