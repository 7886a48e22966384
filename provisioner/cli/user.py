"""`provision user`: the people of one client."""

from __future__ import annotations

from typing import Any

import click

from provisioner.cli.commands import Group
from provisioner.cli.output import listing, table
from provisioner.cli.secret_input import read_password
from provisioner.cli.session import Session, pass_session
from provisioner.service import users as service

_FROM_STDIN = "Read the password from standard input instead of generating one."


@click.group(cls=Group)
def user() -> None:
    """Add, list and remove the people of one client.

    \b
    Example:
        provision user add dupont marie@cabinet-dupont.fr --role member
    """


@user.command()
@click.argument("id_", metavar="ID")
@click.argument("email")
@click.option("--role", required=True, help="admin, member, viewer, or one of the client's own.")
@click.option("--password-stdin", is_flag=True, help=_FROM_STDIN)
@pass_session
def add(session: Session, /, id_: str, email: str, role: str, password_stdin: bool) -> None:
    """Add a user. A generated password is shown once.

    \b
    Example:
        provision user add dupont marie@cabinet-dupont.fr --role member
    """
    password = read_password() if password_stdin else None
    _show(session, service.add(session.context, id_, email, role, password))


@user.command("list")
@click.argument("id_", metavar="ID")
@pass_session
def list_(session: Session, /, id_: str) -> None:
    """Show the client's users.

    \b
    Example:
        provision user list dupont
    """
    users = service.all_of(session.context, id_)
    session.output.result(users, lambda: table(users, ("id", "email", "role", "active")))


@user.command("reset-password")
@click.argument("id_", metavar="ID")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help=_FROM_STDIN)
@pass_session
def reset_password(session: Session, /, id_: str, email: str, password_stdin: bool) -> None:
    """Give a user a new password; all their sessions end.

    \b
    Example:
        provision user reset-password dupont marie@cabinet-dupont.fr
    """
    password = read_password() if password_stdin else None
    _show(session, service.reset_password(session.context, id_, email, password))


@user.command()
@click.argument("id_", metavar="ID")
@click.argument("email")
@pass_session
def remove(session: Session, /, id_: str, email: str) -> None:
    """Remove a user; their sessions and tokens end.

    \b
    Example:
        provision user remove dupont marie@cabinet-dupont.fr
    """
    service.remove(session.context, id_, email)
    session.output.result({"id": id_, "email": email, "state": "removed"}, lambda: f"{email} is removed.")


def _show(session: Session, answer: dict[str, Any]) -> None:
    session.output.result(answer, lambda: listing(answer))
