"""The one door to a mail server."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from provisioner.errors import ProvisionError

_TIMEOUT: Final = 30.0
_PORTS: Final = {"smtp": 587, "smtps": 465}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1"})
_PERMANENT: Final = 500


class MailServerTrouble(ProvisionError):
    """The mail server cannot be reached, or does not let us in: nothing can be sent now."""

    code = "mail-server-trouble"


class LetterRefused(ProvisionError):
    """The mail server refuses this letter, and would again."""

    code = "letter-refused"


class LetterPostponed(ProvisionError):
    """The mail server does not take this letter now."""

    code = "letter-postponed"


class MailServer:
    """A session with a mail server."""

    def __init__(self, connection: smtplib.SMTP) -> None:
        self._connection = connection

    def send(self, message: EmailMessage) -> None:
        """Have the server take one message; raises LetterRefused, LetterPostponed or MailServerTrouble."""
        try:
            self._connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _refusal(code, said) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerTrouble(f"The mail server broke off: {error}.", "It is tried again.") from error


@contextmanager
def connected(url: SecretStr) -> Iterator[MailServer]:
    """Open a session with the server of host.yaml's `smtp_url`: encrypted, but to this host itself.

    Raises MailServerTrouble.
    """
    parts = urlsplit(url.get_secret_value())
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    where = f"{host}:{port}"
    try:
        connection = _open(parts.scheme, host, port)
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerTrouble(
            f"The mail server {where} does not answer as it should: {error}.",
            "Check smtp_url in host.yaml; `provision mail test ADDRESS` tries it.",
        ) from error
    try:
        _require_encryption(connection, parts.scheme, host, where)
        if parts.username:
            _sign_in(connection, unquote(parts.username), unquote(parts.password or ""), where)
        yield MailServer(connection)
        # What was sent is taken already: a server that breaks off at the farewell loses nothing.
        with suppress(OSError, smtplib.SMTPException):
            connection.quit()
    finally:
        connection.close()


def _open(scheme: str, host: str, port: int) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT, context=ssl.create_default_context())
    connection = smtplib.SMTP(host, port, timeout=_TIMEOUT)
    connection.ehlo()
    if connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
    return connection


def _require_encryption(connection: smtplib.SMTP, scheme: str, host: str, where: str) -> None:
    """A letter holds a link that opens an account: nobody on the way may read it."""
    encrypted = scheme == "smtps" or isinstance(connection.sock, ssl.SSLSocket)
    if not encrypted and host not in _LOOPBACK:
        raise MailServerTrouble(
            f"The mail server {where} offers no encryption.",
            "Use another port of it, smtps://, or a mail server on this host that relays.",
        )


def _sign_in(connection: smtplib.SMTP, user: str, password: str, where: str) -> None:
    try:
        connection.login(user, password)
    except (OSError, smtplib.SMTPException) as error:
        told = f"status {error.smtp_code}" if isinstance(error, smtplib.SMTPResponseException) else f"{error}"
        raise MailServerTrouble(
            f"The mail server {where} does not let {user} in ({told}).", "Correct smtp_url in host.yaml."
        ) from error


def _refusal(code: int, said: bytes | str) -> ProvisionError:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    told = f"The mail server answered {code}: {' '.join(text.split())[:300]}"
    if code >= _PERMANENT:
        return LetterRefused(told, "Correct the address, then `provision mail retry NUMBER`.")
    return LetterPostponed(told, "It is tried again.")
