"""`mail`: sends what waits in the spool, and what clients have put out to be sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pydantic import SecretStr

from provisioner import fields
from provisioner.errors import ProvisionError, Refused
from provisioner.mail.letter import Kind, Letter, Sender, as_message
from provisioner.mail.smtp import LetterPostponed, LetterRefused, MailServer, MailServerTrouble, connected
from provisioner.mail.spool import Entry, Spool
from provisioner.render.letters import Language, Written, write_letter
from provisioner.service.context import Context

_NAMELESS: Final = "Tenantry"


class NoMailServer(Refused):
    """host.yaml names no mail server, or nobody whom letters come from."""

    code = "no-mail-server"


@dataclass(slots=True)
class Delivery:
    """What became of the letters that were due; `trouble` is what keeps all of them here."""

    sent: list[Entry] = field(default_factory=list)
    postponed: list[Entry] = field(default_factory=list)
    refused: list[Entry] = field(default_factory=list)
    trouble: ProvisionError | None = None


def spool_of(context: Context) -> Spool:
    """Return the root's spool."""
    return Spool(context.layout.mail, context.clock)


def is_configured(context: Context) -> bool:
    """Say whether letters go out from this host."""
    return context.host.sends_mail


def sender(context: Context) -> Sender:
    """Return whom letters come from; raises NoMailServer."""
    host = context.host
    if not host.smtp_url.get_secret_value():
        raise NoMailServer(
            "No letter leaves this host: smtp_url in host.yaml is not set.",
            "Set it, then `provision apply`; `provision mail show NUMBER` shows a letter to send by hand.",
        )
    if not host.vendor.email:
        raise NoMailServer(
            "No letter leaves this host: vendor.email in host.yaml, whom they come from, is not set.",
            "Set it, then `provision apply`.",
        )
    return Sender(host.vendor.name or _NAMELESS, host.vendor.email)


def deliver(context: Context, number: int | None = None) -> Delivery:
    """Have the mail server take the letters that are due, or the one named when it is.

    Raises NoMailServer. What is wrong with the server, or with a letter, is in the outcome.
    """
    from_whom, spool, outcome = sender(context), spool_of(context), Delivery()
    spool.expire()
    if not spool.waiting():
        return outcome
    try:
        with connected(context.host.smtp_url) as server:
            while entry := spool.claim(number):
                _send(spool, server, entry, from_whom, outcome)
    except MailServerTrouble as error:
        outcome.trouble = error
    return outcome


def _send(spool: Spool, server: MailServer, entry: Entry, from_whom: Sender, outcome: Delivery) -> None:
    message = as_message(entry.letter(), from_whom, entry.written_at)
    try:
        server.send(message)
    except LetterRefused as error:
        spool.refused(entry, error.message)
        outcome.refused.append(spool.get(entry.number))
    except LetterPostponed as error:
        spool.postpone(entry, error.message)
        outcome.postponed.append(spool.get(entry.number))
    except MailServerTrouble as error:
        spool.postpone(entry, error.message)
        raise
    else:
        spool.sent(entry)
        outcome.sent.append(spool.get(entry.number))


def keep(context: Context, letter: Letter) -> int:
    """Put a letter into the spool and return its number."""
    return spool_of(context).add(letter)


def letter_of(
    written: Written,
    key: str,
    kind: Kind,
    client_id: str,
    recipient: str,
    expires_at: datetime | None = None,
) -> Letter:
    """Return a letter with its text."""
    return Letter(key, kind, client_id, recipient, written.subject, written.text, expires_at)


def send_trial(context: Context, recipient: str) -> Entry:
    """Send somebody a letter that says nothing, now.

    Raises NoMailServer, InvalidRequest for what is no address, or what the mail server said.
    """
    fields.check_email("ADDRESS", recipient)
    from_whom = sender(context)
    now = context.clock.now()
    written = write_letter(Kind.TRIAL, language_of(context), host=context.host.base_domain)
    spool = spool_of(context)
    number = spool.add(letter_of(written, f"trial:{now.isoformat()}", Kind.TRIAL, "", recipient))
    entry = spool.claim(number)
    assert entry is not None
    try:
        with connected(context.host.smtp_url) as server:
            server.send(as_message(entry.letter(), from_whom, now))
    except ProvisionError as error:
        spool.refused(entry, error.message)
        raise
    spool.sent(entry)
    return spool.get(number)


def language_of(context: Context) -> Language:
    """Return the language of this host's letters."""
    return "en" if context.host.language_default == "en" else "fr"


def signature(context: Context) -> dict[str, str]:
    """Return what stands under a letter: who writes, and where to answer."""
    vendor = context.host.vendor
    contact = " · ".join(one for one in (vendor.email, vendor.phone) if one)
    return {"vendor": vendor.name or _NAMELESS, "contact": contact}


def link(address: str, page: str, secret: SecretStr) -> str:
    """Return a link whose secret stands behind `#`, which no server is sent and no log sees."""
    return f"{address}/{page}#{secret.get_secret_value()}"
