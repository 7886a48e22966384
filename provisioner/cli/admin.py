"""`provision admin`: the vendor's dashboard."""

from __future__ import annotations

import re
from typing import Final

import click

from provisioner import secrets
from provisioner.cli.commands import Group
from provisioner.cli.secret_input import read_password
from provisioner.cli.session import Session, pass_session
from provisioner.errors import InvalidRequest
from provisioner.service.host import act_as_dashboard

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
@pass_session
def serve(session: Session, /, bind: str) -> None:
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
    serve_dashboard(session.context, bind)


@admin.group(cls=Group)
def user() -> None:
    """Who may sign in to the dashboard.

    \b
    Example:
        provision admin user add vous@exemple.fr
    """


@user.command()
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@pass_session
def add(session: Session, /, email: str, password_stdin: bool) -> None:
    """Let somebody sign in to the dashboard. A generated password is shown once.

    \b
    Example:
        provision admin user add vous@exemple.fr
    """
    from provisioner.dashboard.operators import add_operator  # noqa: PLC0415 - loads argon2

    password = read_password() if password_stdin else secrets.password()
    act_as_dashboard(session.context)
    add_operator(session.context.root, email, password)
    shown = {"email": email, "password": None if password_stdin else password.get_secret_value()}
    session.output.result(
        shown,
        lambda: f"{email} may sign in." + ("" if password_stdin else f"\npassword  {shown['password']}"),
    )
