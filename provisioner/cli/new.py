"""`provision new`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Final

import click
from pydantic import SecretStr

from provisioner.cli.amounts import Span
from provisioner.cli.commands import Command
from provisioner.cli.ingest import give, told, unread
from provisioner.cli.mail import welcome_document, welcome_text
from provisioner.cli.output import listing
from provisioner.cli.session import Session, pass_session
from provisioner.errors import InvalidRequest, ProvisionError
from provisioner.service import new as service
from provisioner.service.ingest import Outcome
from provisioner.service.sources import sources_of
from provisioner.service.welcome import Welcome, greet
from provisioner.spec import LONGEST_TRIAL, TenantRequest, parse_settings

FAILED: Final = 1


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
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="One figure of the plan for this client, or its allowed_origins.",
)
@click.option("--expires", type=Span(), help="Let it try the plan for so long, such as 30d, for nothing.")
@click.option("--seed", type=click.Path(path_type=Path), metavar="FOLDER", help="Give it these documents.")
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
    expires: timedelta | None,
    seed: Path | None,
    dry_run: bool,
    **identity: str | None,
) -> int:
    """Provision a client and wait until it answers.

    Prints its address, the first sign-in and the first API key: once, they are kept nowhere. When an address
    for mail is given, a welcome letter is written, and sent where host.yaml names a mail server: in place of
    secrets it holds links, each good once; using the one to the API key ends the key printed here. If an
    earlier `new` of this client was cut off, it is taken up again, with fresh secrets.

    With --expires it is a demonstration: nothing is billed, the client is told when it ends, and no new
    question is answered after that. `provision plan` makes a client of it that stays, with all it has.

    \b
    Example:
        provision new dupont --plan professional --port 5001 \\
            --name "Cabinet Dupont & Associés" --set max_cases=5000
        provision new essai --plan professional --expires 30d --seed ~/examples
    """
    context = session.context
    request = TenantRequest(
        id=id_,
        plan=plan,
        started_on=context.clock.now().date(),
        domains=domains,
        trial_days=trial_days(expires),
        **identity,
    ).with_settings(_settings_beside(identity, settings))
    if dry_run:
        session.output.steps(service.rehearse(context, request, port))
        return 0
    require_seed(seed)
    created = service.create(context, request, port)
    letter = _greeted(session, created.spec.id)
    for notice in context.driver.notices():
        session.output.say(f"WARNING: {notice}")
    seeded, whole = ([], True) if seed is None else _seeded(session, id_, seed)
    document = {
        **created_document(created),
        "welcome": welcome_document(letter) if letter else None,
        **({} if seed is None else {"documents": [asdict(one) for one in seeded]}),
    }
    session.output.result(
        document, lambda: "\n".join((_text(created, letter), *(told(seeded) if seed else ())))
    )
    return FAILED if unread(seeded) or not whole else 0


def _settings_beside(identity: Mapping[str, str | None], pairs: Sequence[str]) -> Mapping[str, str]:
    """Read `--set` values; raises InvalidRequest for one that an option gives as well."""
    settings = parse_settings(pairs)
    for key in settings:
        if identity.get(key) is not None:
            raise InvalidRequest(key, "an option and --set both give it.", "Give it once.")
    return settings


def trial_days(expires: timedelta | None) -> int | None:
    """Return for how many days a client tries its plan; raises InvalidRequest for none or too many."""
    if expires is None:
        return None
    if not 1 <= expires.days <= LONGEST_TRIAL:
        raise InvalidRequest(
            "--expires", f"{expires.days} days are no trial.", f"Give 1d to {LONGEST_TRIAL}d, such as 30d."
        )
    return expires.days


def require_seed(folder: Path | None) -> None:
    """Refuse a folder without documents before anything is made; raises InvalidRequest."""
    if folder is None:
        return
    if not folder.exists():
        raise InvalidRequest("--seed", f"{folder} is not there.", "Name a folder of documents.")
    with ExitStack() as archives:
        sources_of((folder,), archives)


def _greeted(session: Session, tenant_id: str) -> Welcome | None:
    """Write the welcome letter; the client is there, and told of, without it as well."""
    try:
        letter = greet(session.context, tenant_id)
        if letter and letter.trouble:
            session.output.trouble("mail", letter.trouble)
        return letter
    except (ProvisionError, KeyboardInterrupt) as error:
        session.output.say(f"WARNING: no welcome letter is written: {_reason(error)}")
        session.output.say(f"  → `provision mail welcome {tenant_id} --with-key` writes it.")
        return None


def _seeded(session: Session, tenant_id: str, folder: Path) -> tuple[list[Outcome], bool]:
    """Give it its documents, and say whether all were sent; its secrets are told whatever becomes of them."""
    try:
        return give(session, tenant_id, (folder,)), True
    except (ProvisionError, KeyboardInterrupt) as error:
        session.output.say(f"WARNING: its documents were not all taken in: {_reason(error)}")
        session.output.say(f"  → `provision ingest {tenant_id} {folder}` goes on.")
        return [], False


def _reason(error: ProvisionError | KeyboardInterrupt) -> str:
    return error.message if isinstance(error, ProvisionError) else "stopped."


def _text(created: service.Created, letter: Welcome | None) -> str:
    told = created_text(created)
    return f"{told}\n{welcome_text(letter)}" if letter else told


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
