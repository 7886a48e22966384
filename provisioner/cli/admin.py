"""`provision admin`: the vendor's dashboard."""

from __future__ import annotations

import os
import re
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from provisioner import secrets
from provisioner.cli.commands import Group
from provisioner.cli.output import table
from provisioner.cli.secret_input import read_password
from provisioner.cli.session import Session, pass_session
from provisioner.errors import InvalidRequest
from provisioner.service.host import act_as_dashboard

if TYPE_CHECKING:
    from provisioner.dashboard.operators import Operators
    from provisioner.dashboard.store import Store
    from provisioner.dashboard.tokens import Tokens

_IDLE_SECONDS: Final = 60.0
_ROLES: Final = click.Choice(["viewer", "operator", "owner"])
_ADDRESS: Final = re.compile(r"unix:/\S+|(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}")


@click.group(cls=Group)
def admin() -> None:
    """The vendor's dashboard and who may sign in to it.

    \b
    Example:
        provision admin user add vous@exemple.fr
    """


@admin.command()
@click.option("--bind", default="127.0.0.1:8090", show_default=True, help="address:port, or unix:/path.")
@click.option(
    "--observe-every",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="Note so often how clients answer, like `provision admin observe`. [default: never]",
)
@pass_session
def serve(session: Session, /, bind: str, observe_every: int | None) -> None:
    """Serve the dashboard until told to stop. Needs no root; the driver keeps one running already.

    \b
    Example:
        provision admin serve --bind 127.0.0.1:8090
    """
    from provisioner.dashboard.serving import serve as serve_dashboard  # noqa: PLC0415 - loads Flask

    if not _ADDRESS.fullmatch(bind):
        raise InvalidRequest(
            "--bind", f"{bind!r} is no address.", "Write it as 127.0.0.1:8090 or unix:/run/dashboard.sock."
        )
    serve_dashboard(session.context, bind, observe_every)


@admin.command()
@click.option("--bind", metavar="unix:PATH", help="Where to listen. [default: the socket systemd hands over]")
@pass_session
def act(session: Session, /, bind: str | None) -> None:
    """Do to clients what the dashboard asks for, one action at a time, until told to stop.

    The driver keeps this running. It has the rights `provision` has; it listens to the dashboard's user, root
    and its own user only, and knows a closed list of actions. A socket that systemd hands over is given up
    when nobody has asked for a minute: the next one starts it again.

    \b
    Example:
        provision admin act --bind unix:/srv/tenantry/run/actions/actions.sock
    """
    from provisioner.actions import door  # noqa: PLC0415 - loads every service
    from provisioner.actions.performing import perform  # noqa: PLC0415 - beside it

    context = session.context
    allowed = {0, os.geteuid(), context.layout.admin.stat().st_uid}
    listening = door.listen(_socket_path(bind)) if bind else door.handed_over()
    if listening is None:
        raise InvalidRequest("--bind", "systemd hands over no socket.", "Give one, as unix:/path.")
    with listening:
        idle = None if bind else _IDLE_SECONDS
        door.serve(listening, allowed, lambda line, tell: perform(context, line, tell), idle)


def _socket_path(bind: str) -> Path:
    found = re.fullmatch(r"unix:(/\S+)", bind)
    if not found:
        raise InvalidRequest("--bind", f"{bind!r} is no socket.", "Write it as unix:/path.")
    return Path(found[1])


@admin.command()
@pass_session
def observe(session: Session, /) -> None:
    """Note how each client answers now, and how far its counters are: what availability is reckoned from.

    The driver runs this every five minutes. Clients that sleep, or are stopped or suspended, are not asked.

    \b
    Example:
        provision admin observe
    """
    from provisioner.dashboard.observing import look, note  # noqa: PLC0415 - few commands need it

    seen = look(session.context)
    note(_store(session), session.context.clock.now(), seen)
    asked = [one for one in seen if one.health]
    ready = sum(one.health == "ok" for one in asked)
    document = {"clients": len(seen), "asked": len(asked), "ready": ready}
    session.output.result(document, lambda: f"{ready} of {len(asked)} clients that were asked are ready.")


@admin.group(cls=Group)
def user() -> None:
    """Who may sign in to the dashboard, and as what.

    A viewer sees the clients, an operator acts on them, an owner sees the money too and manages access.

    \b
    Example:
        provision admin user add vous@exemple.fr --role owner
    """


@user.command()
@click.argument("email")
@click.option("--role", type=_ROLES, help="[default: owner for the first, viewer for those after]")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@pass_session
def add(session: Session, /, email: str, role: str | None, password_stdin: bool) -> None:
    """Let somebody sign in to the dashboard. A generated password is shown once.

    \b
    Example:
        provision admin user add collegue@exemple.fr --role operator
    """
    from provisioner.dashboard.operators import add_operator  # noqa: PLC0415 - loads argon2
    from provisioner.dashboard.roles import Role  # noqa: PLC0415 - beside it

    password = read_password() if password_stdin else secrets.password()
    act_as_dashboard(session.context)
    given = add_operator(session.context.root, email, password, Role(role) if role else None)
    shown = {
        "email": email,
        "role": given,
        "password": None if password_stdin else password.get_secret_value(),
    }
    session.output.result(
        shown,
        lambda: (
            f"{email} may sign in as {given}."
            + ("" if password_stdin else f"\npassword  {shown['password']}")
        ),
    )


@user.command("list")
@pass_session
def list_users(session: Session, /) -> None:
    """Show who may sign in to the dashboard.

    \b
    Example:
        provision admin user list
    """
    rows = [asdict(one) for one in _operators(session).all()]
    session.output.result(rows, lambda: table(rows, ("email", "role", "since")))


@user.command("remove")
@click.argument("email")
@pass_session
def remove_user(session: Session, /, email: str) -> None:
    """Let somebody sign in no longer; what sign-ins there are end. Tokens go on until they are revoked.

    \b
    Example:
        provision admin user remove collegue@exemple.fr
    """
    _operators(session).remove(email)
    session.output.result({"email": email, "state": "removed"}, lambda: f"{email} may sign in no longer.")


@admin.group(cls=Group)
def token() -> None:
    """With what programs use the dashboard's JSON interface.

    \b
    Example:
        provision admin token new facturation --role viewer --expires 365d
    """


@token.command("new")
@click.argument("name")
@click.option("--role", type=_ROLES, required=True, help="What it may do, as for people.")
@click.option("--expires", default="90d", show_default=True, metavar="DAYS", help="When it ends: 1d to 730d.")
@pass_session
def new_token(session: Session, /, name: str, role: str, expires: str) -> None:
    """Make a token. It is shown once; only its digest is kept.

    \b
    Example:
        provision admin token new facturation --role viewer --expires 365d
    """
    from provisioner.dashboard.roles import Role  # noqa: PLC0415 - beside the tokens

    lasts, tokens = _days(expires), _tokens(session)
    secret = tokens.new(name, Role(role), session.context.operator, lasts)
    shown = {"name": name, "role": role, "token": secret.get_secret_value()}
    session.output.result(shown, lambda: f"{name} is a token for {role}, shown this once:\n{shown['token']}")


@token.command("list")
@pass_session
def list_tokens(session: Session, /) -> None:
    """Show the tokens that open something.

    \b
    Example:
        provision admin token list
    """
    rows = [asdict(one) for one in _tokens(session).all()]
    columns = ("name", "role", "made_by", "made_at", "expires_at", "last_used_at")
    session.output.result(rows, lambda: table(rows, columns))


@token.command("revoke")
@click.argument("name")
@pass_session
def revoke_token(session: Session, /, name: str) -> None:
    """End a token at once.

    \b
    Example:
        provision admin token revoke facturation
    """
    _tokens(session).revoke(name)
    session.output.result({"name": name, "state": "revoked"}, lambda: f"{name} opens nothing any more.")


def _operators(session: Session) -> Operators:
    from provisioner.dashboard.operators import Operators  # noqa: PLC0415 - loads argon2

    return Operators(_store(session), session.context.clock)


def _tokens(session: Session) -> Tokens:
    from provisioner.dashboard.tokens import Tokens  # noqa: PLC0415 - few commands need it

    return Tokens(_store(session), session.context.clock)


def _store(session: Session) -> Store:
    from provisioner.dashboard.store import Store  # noqa: PLC0415 - few commands need it

    act_as_dashboard(session.context)
    return Store(session.context.root)


def _days(text: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,4})d", text)
    if not found:
        raise InvalidRequest("--expires", f"{text!r} is no number of days.", "Write it as 90d.")
    return timedelta(days=int(found[1]))
