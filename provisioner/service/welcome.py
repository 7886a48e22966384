"""The letter that welcomes a client (document 001): its address, its plan, and links in place of secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from provisioner import fields
from provisioner.errors import InvalidRequest, ProvisionError
from provisioner.mail.letter import Kind
from provisioner.plans import Plan
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.render.client_package import address
from provisioner.render.letters import Language, Written, count, day, money, write_letter
from provisioner.service import mail
from provisioner.service.context import Context
from provisioner.service.operations import perform
from provisioner.service.tenants import require_state, spec_of
from provisioner.spec import TenantRequest, TenantSpec

_ACCEPTED = (State.RUNNING, State.STOPPED)


@dataclass(frozen=True, slots=True)
class Welcome:
    """A letter that was written: its number in the spool, to whom, and whether a mail server has taken it."""

    number: int
    recipient: str
    sent: bool
    trouble: ProvisionError | None = None


def welcome(
    context: Context,
    tenant_id: str,
    recipient: str | None = None,
    language: Language | None = None,
    *,
    with_key: bool = False,
) -> Welcome:
    """Write a client's first administrator the welcome letter; send it when host.yaml names a mail server.

    The links in it are new: those of an earlier letter end. With a key, the client's first key is another one
    from the moment its link is used. Raises InvalidRequest when nobody's address is known, WrongState,
    InstanceRefused when the administrator has no account.
    """
    entry = context.registry.get(tenant_id)
    require_state(entry, _ACCEPTED, "mail welcome")
    to = recipient or address_of(entry.request)
    if to is None:
        raise InvalidRequest(
            "--to", f"no address of {tenant_id} is known.", "Give one, or `provision set ID email=…`."
        )
    fields.check_email("--to", to)
    number = _keep(context, entry, to, language or mail.language_of(context), with_key=with_key)
    command = f"mail welcome {tenant_id}"
    context.writable_registry.add_event(tenant_id, command, context.operator, "done", f"letter {number}")
    return _sent(context, number, to)


def address_of(request: TenantRequest) -> str | None:
    """Return where a client can be written to; None when nobody gave an address."""
    return request.admin_email or request.email


def greet(context: Context, tenant_id: str) -> Welcome | None:
    """Welcome a client that was just provisioned, when somebody's address was given: it is part of `new`.

    The client is there whatever comes of its letter. Raises what the instance says.
    """
    entry = context.registry.get(tenant_id)
    to = address_of(entry.request)
    if to is None:
        return None
    return _sent(context, _keep(context, entry, to, mail.language_of(context), with_key=True), to)


def _keep(context: Context, entry: Entry, recipient: str, language: Language, *, with_key: bool) -> int:
    """Put the letter into the spool, with fresh links, and return its number."""
    spec = spec_of(context, entry.request, entry.port)
    links = perform(context, entry, "welcome", {"email": spec.admin_email, "key": with_key})
    written = _write(context, spec, links, language)
    until = datetime.fromisoformat(links["expires_at"])
    key = f"welcome:{entry.id}:{context.clock.now().isoformat()}"
    return mail.keep(context, mail.letter_of(written, key, Kind.WELCOME, entry.id, recipient, until))


def _sent(context: Context, number: int, recipient: str) -> Welcome:
    if not mail.is_configured(context):
        return Welcome(number, recipient, sent=False)
    outcome = mail.deliver(context, number)
    refused = next((ProvisionError(one.trouble) for one in (*outcome.refused, *outcome.postponed)), None)
    return Welcome(number, recipient, bool(outcome.sent), outcome.trouble or refused)


def _write(context: Context, spec: TenantSpec, links: dict[str, Any], language: Language) -> Written:
    where = address(spec, context.host)
    key = links["key"]
    return write_letter(
        Kind.WELCOME,
        language,
        client=spec.name,
        address=where,
        email=spec.admin_email,
        until=day(datetime.fromisoformat(links["expires_at"]), language),
        password_link=mail.link(where, "welcome", SecretStr(links["password"])),
        key_link=mail.link(where, "key", SecretStr(key)) if key else "",
        plan=spec.terms.title,
        includes=_includes(spec.terms, language),
        price=money(spec.terms.price_cents, language) if spec.terms.price_cents else "",
        expires_on=day(spec.expires_on, language) if spec.expires_on else "",
        **mail.signature(context),
    )


def _includes(terms: Plan, language: Language) -> list[str]:
    """What document 001's mail lists of a plan."""
    requests, people = terms.max_requests_monthly, count(terms.max_users, language)
    rate, analyses = (
        count(terms.max_requests_per_minute, language),
        count(terms.max_analysis_monthly, language),
    )
    if language == "en":
        monthly = f"{count(requests, language)} questions a month" if requests else "unlimited questions"
        return [
            monthly,
            f"{rate} questions a minute",
            f"{analyses} case analyses a month",
            f"{people} user accounts",
            f"Support: {terms.support_level}",
        ]
    mensuel = f"{count(requests, language)} questions par mois" if requests else "questions illimitées"
    return [
        mensuel,
        f"{rate} questions par minute",
        f"{analyses} analyses de dossier par mois",
        f"{people} comptes d'utilisateur",
        f"Assistance : {terms.support_level}",
    ]
