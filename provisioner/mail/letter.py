"""A letter before it is sent, and the message a mail server is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from hashlib import sha256
from typing import Final

from pydantic import SecretStr


class Kind(StrEnum):
    """What a letter is about."""

    WELCOME = "welcome"
    INVITATION = "invitation"
    RESET = "reset"
    REPORT = "report"
    REMINDER = "reminder"
    EXPIRY = "expiry"
    ALERT = "alert"
    TRIAL = "trial"
    """What `provision mail test` sends."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to one person.

    `key` names what it tells: of the letters with one key, the first alone is sent. `text` may hold a link
    that is good once, so it is masked wherever it is not wanted. After `expires_at` it is worth nothing any
    more.
    """

    key: str
    kind: Kind
    client_id: str
    recipient: str
    subject: str
    text: SecretStr
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom letters come from: a name and an address."""

    name: str
    email: str


_POLICY: Final = SMTP.clone(max_line_length=78)


def as_message(letter: Letter, sender: Sender, written_at: datetime) -> EmailMessage:
    """Return the message of a letter; the same letter always has the same Message-ID.

    A mail server that has taken it and was cut off before it could say so is given it again: by the
    Message-ID it, or who reads it, can tell that it is the same (RFC 5322, section 3.6.4).
    """
    message = EmailMessage(policy=_POLICY)
    domain = sender.email.rpartition("@")[2]
    message["From"] = Address(sender.name, addr_spec=sender.email)
    message["To"] = Address(addr_spec=letter.recipient)
    message["Subject"] = letter.subject
    message["Date"] = written_at
    message["Message-ID"] = f"<{sha256(letter.key.encode()).hexdigest()[:32]}@{domain}>"
    # Nobody answers an automatic letter automatically (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text.get_secret_value(), charset="utf-8")
    return message
