"""`provision set`."""

from __future__ import annotations

import click

from provisioner.cli.commands import Command
from provisioner.cli.convergence import show_reports
from provisioner.cli.session import Session, pass_session
from provisioner.service import settings as service
from provisioner.spec import parse_settings


@click.command("set", cls=Command)
@click.argument("id_", metavar="ID")
@click.argument("pairs", metavar="KEY=VALUE...", nargs=-1, required=True)
@pass_session
def set_(session: Session, /, id_: str, pairs: tuple[str, ...]) -> None:
    """Change who a client is, or one figure of its plan, and restart it with that.

    Keys are those of a plan in plans.yaml (max_cases, max_upload_mb, …) and name, siret, address, phone,
    email, logo, color, assistant, allowed_origins. An empty value goes back to the plan's or the default. A
    logo is a picture file: PNG, JPEG, WebP or plain SVG, up to 500 kB. allowed_origins names, with commas
    between, the other sites whose pages may read the client's API.

    \b
    Example:
        provision set dupont max_cases=5000 color=#2c3e50
        provision set dupont max_cases=
        provision set dupont logo=logo-dupont.svg
        provision set dupont allowed_origins=https://www.cabinet-dupont.fr,https://app.cabinet-dupont.fr
    """
    show_reports(session, service.change(session.context, id_, parse_settings(pairs)))
