"""`provision role`: what the people of one client may do, beyond the built-in roles."""

from __future__ import annotations

from typing import Any

import click

from provisioner.cli.commands import Group
from provisioner.cli.output import listing, table
from provisioner.cli.session import Session, pass_session
from provisioner.service import roles as service

_PERMISSIONS = (
    "chat",
    "documents.read",
    "documents.write",
    "cases.read",
    "cases.write",
    "cases.manage",
    "usage.read",
)
_COLUMNS = ("name", "permissions", "users")
_permissions = click.option(
    "--may",
    "permissions",
    type=click.Choice(_PERMISSIONS),
    multiple=True,
    required=True,
    help="A permission, once for each.",
)


@click.group(cls=Group)
def role() -> None:
    """Make, list, change and remove the roles of one client's own, beside admin, member and viewer.

    \b
    Example:
        provision role new dupont Archiviste --may documents.read --may documents.write
        provision user add dupont marie@cabinet-dupont.fr --role Archiviste
    """


@role.command("list")
@click.argument("id_", metavar="ID")
@pass_session
def list_(session: Session, /, id_: str) -> None:
    """Show the client's roles, what they permit, and how many users have each.

    \b
    Example:
        provision role list dupont
    """
    roles = service.all_of(session.context, id_)
    session.output.result(roles, lambda: table([_row(one) for one in roles], _COLUMNS))


@role.command()
@click.argument("id_", metavar="ID")
@click.argument("name")
@_permissions
@pass_session
def new(session: Session, /, id_: str, name: str, permissions: tuple[str, ...]) -> None:
    """Make a role. Managing accounts and keys stays with administrators.

    \b
    Example:
        provision role new dupont Archiviste --may documents.read --may documents.write
    """
    _show(session, service.new(session.context, id_, name, permissions))


@role.command("set")
@click.argument("id_", metavar="ID")
@click.argument("name")
@_permissions
@pass_session
def set_(session: Session, /, id_: str, name: str, permissions: tuple[str, ...]) -> None:
    """Replace what a role permits; it holds at once for everybody who has it.

    \b
    Example:
        provision role set dupont Archiviste --may documents.read
    """
    _show(session, service.change(session.context, id_, name, permissions))


@role.command()
@click.argument("id_", metavar="ID")
@click.argument("name")
@pass_session
def remove(session: Session, /, id_: str, name: str) -> None:
    """Remove a role that nobody has.

    \b
    Example:
        provision role remove dupont Archiviste
    """
    service.remove(session.context, id_, name)
    session.output.result({"name": name, "state": "removed"}, lambda: f"The role {name} is removed.")


def _show(session: Session, answer: dict[str, Any]) -> None:
    session.output.result(answer, lambda: listing(_row(answer)))


def _row(one: dict[str, Any]) -> dict[str, Any]:
    return one | {"permissions": " ".join(one["permissions"])}
