"""`provision new`."""

from __future__ import annotations

import click
from pydantic import SecretStr

from provisioner.cli.commands import Command
from provisioner.cli.output import listing
from provisioner.cli.session import Session, pass_session
from provisioner.service import new as service
from provisioner.spec import TenantRequest, parse_settings


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.option("--plan", required=True, help="A plan of plans.yaml, such as professional.")
@click.option("--port", type=int, help="Its loopback port. [default: the next free one of the range]")
@click.option("--name", help="How the client is called on its pages. [default: ID]")
@click.option("--siret", help="14 digits.")
@click.option("--address", help="Postal address, one line.")
@click.option("--phone", help="Telephone.")
@click.option("--email", help="The client's address for mail.")
@click.option("--logo", help="A picture file: PNG, JPEG, WebP or plain SVG, up to 500 kB.")
@click.option("--color", help="Six hexadecimal digits, such as #2c3e50.")
@click.option("--domain", "domains", multiple=True, help="A host name of the client's own; repeatable.")
@click.option("--assistant", help="An assistant of plans.yaml, such as legal. [default: the first]")
@click.option("--admin-email", help="Who signs in first. [default: --email, or admin@<id>.<base domain>]")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="One figure of the plan for this client."
)
@click.option("--dry-run", is_flag=True, help="Print the steps that would run, and run none.")
@pass_session
def new(
    session: Session,
    /,
    id_: str,
    plan: str,
    port: int | None,
    domains: tuple[str, ...],
    settings: tuple[str, ...],
    dry_run: bool,
    **identity: str | None,
) -> None:
    """Provision a client and wait until it answers.

    Prints its address, the first sign-in and the first API key: once, they are kept nowhere. If an earlier
    `new` of this client was cut off, it is taken up again, with fresh secrets.

    \b
    Example:
        provision new dupont --plan professional --port 5001 \\
            --name "Cabinet Dupont & Associés" --set max_cases=5000
    """
    context = session.context
    request = TenantRequest(
        id=id_,
        plan=plan,
        started_on=context.clock.now().date(),
        domains=domains,
        overrides=parse_settings(settings),
        **identity,
    )
    if dry_run:
        session.output.steps(service.rehearse(context, request, port))
        return
    created = service.create(context, request, port)
    for notice in context.driver.notices():
        session.output.say(f"WARNING: {notice}")
    session.output.result(created_document(created), lambda: created_text(created))


def created_document(created: service.Created) -> dict[str, object]:
    """What a new client comes with, as JSON."""
    spec, access = created.spec, created.access
    return {
        "id": spec.id,
        "name": spec.name,
        "plan": spec.plan,
        "port": spec.port,
        "hostname": spec.hostname,
        "url": created.url,
        "state": "running",
        "admin": {"email": access.email, "password": _shown(access.password)},
        "api_key": _shown(access.api_key),
        "resumed": created.resumed,
    }


def _shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def created_text(created: service.Created) -> str:
    """The same for people."""
    access = created.access
    facts = {
        "address": created.url,
        "sign in as": access.email,
        "password": _shown(access.password),
        "API key": _shown(access.api_key),
    }
    verb = "was taken up again and is" if created.resumed else "is"
    return (
        f"{created.spec.name} {verb} ready.\n{listing(facts)}\n"
        "The password and the key are shown this once; `provision user reset-password` gives a new one."
    )
