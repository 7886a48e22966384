"""What the instance wants to be mailed: it has no network, so the host takes it from ``data/outbox``.

The host writes the words and the link's address; the instance says to whom, why, and with which secret.
"""

import json
import secrets
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from tenant_app.accounts.links import IssuedLink
from tenant_app.data_directory import OUTBOX, replace_file

Reason = Literal["invitation", "reset"]


class Outbox:
    """The letters that the host shall send. Without a mail server behind it nothing is put in."""

    def __init__(self, data_dir: Path, *, sends: bool) -> None:
        self._folder = data_dir / OUTBOX
        self.sends = sends

    def put(self, reason: Reason, recipient: str, link: IssuedLink, *, inviter: str, language: str) -> None:
        """Have a link sent to somebody; it is on disk when this returns. ``inviter`` is an address, or empty.

        Raises OSError.
        """
        if not self.sends:
            return
        letter = {
            "kind": reason,
            "recipient": recipient,
            "inviter": inviter,
            "language": language,
            "secret": _shown(link.secret),
            "expires_at": link.expires_at.isoformat(),
        }
        self._write(json.dumps(letter, ensure_ascii=False).encode())

    def pretend(self) -> None:
        """Take as long as `put` does and leave nothing: nobody learns who has an account."""
        self._write(b"{}").unlink()

    def _write(self, content: bytes) -> Path:
        # Under another name until it is whole: the host takes what ends in .json.
        path = self._folder / f"{secrets.token_hex(16)}.json"
        replace_file(path, content, 0o600)
        return path


def _shown(secret: SecretStr) -> str:
    return secret.get_secret_value()
