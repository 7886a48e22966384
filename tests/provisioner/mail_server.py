"""A real mail server on a loopback port: what it has taken, and what it shall refuse."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.provisioner.local_root import free_ports


@dataclass
class Mailbox:
    """What the server has taken; an address in `refuses` is answered with that code instead."""

    taken: list[EmailMessage] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.taken.append(message_from_bytes(content, policy=policy.default))
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        """Return the messages to an address."""
        return [one for one in self.taken if one["To"] == address]


@contextmanager
def mail_server(port: int = 0, **more: Any) -> Iterator[Mailbox]:
    """Serve on a free loopback port, or the one given, until the block ends."""
    box = Mailbox(port=port or free_ports(1))
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **more)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def lets_in(user: str, password: str) -> dict[str, Any]:
    """Return the options of a server that lets in one user only."""

    def judge(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        fits = isinstance(data, LoginPassword) and (data.login, data.password) == (
            user.encode(),
            password.encode(),
        )
        return AuthResult(success=fits, handled=False)

    return {"auth_required": True, "auth_require_tls": False, "authenticator": judge}


def speaks_tls(certificate: str, key: str) -> dict[str, Any]:
    """Return the options of a server that speaks TLS when asked to, and lets nobody send without."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return {"tls_context": context, "require_starttls": True}
