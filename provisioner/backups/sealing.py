"""Who can open an encrypted backup: age recipients, a passphrase, and for a moment whoever wrote it.

An archive is encrypted to recipients, whose keys are elsewhere, and to a key of its own that the writing
command keeps in memory: it reads back what it wrote, though the host holds no key that opens it later. With a
passphrase that key stands in front of the archive, encrypted with the passphrase; a line of text ends it, so
that `sed` and `age` open such a file too (docs/operators/backups.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyrage
from pydantic import SecretStr

from provisioner.backups.manifest import ArchiveRefused

SUFFIX: Final = ".age"
FRONT: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
FRONT_END: Final = b"-----END AGE ENCRYPTED FILE-----"
MAGIC: Final = b"age-encryption.org/v1\n"
LONGEST_FRONT: Final = 4096
IDENTITY_PREFIX: Final = "AGE-SECRET-KEY-1"


class Locked(ArchiveRefused):
    """A backup is encrypted, and what was given does not open it."""

    code = "locked"


@dataclass(frozen=True, slots=True)
class Keys:
    """What may open an encrypted backup: age identities, a passphrase."""

    identities: tuple[SecretStr, ...] = ()
    passphrase: SecretStr | None = None


NO_KEYS: Final = Keys()


@dataclass(frozen=True, slots=True)
class Seal:
    """How one archive is encrypted. `front` is what stands before it; `own` opens it and is kept nowhere."""

    recipients: tuple[str, ...]
    own: SecretStr
    front: bytes = b""

    @property
    def keys(self) -> Keys:
        """What the one who writes the archive reads it back with."""
        return Keys((self.own,))


def check_recipient(text: str) -> str:
    """Return an age public key as it is; raises ValueError, without the text, when it is none."""
    if text.upper().startswith(IDENTITY_PREFIX):
        raise ValueError("this is the secret half of a key: keep it elsewhere, and give its public half")
    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise ValueError("this is no age public key: age1 and 58 letters and digits") from None
    return text


def check_identity(text: str) -> SecretStr:
    """Return an age identity; raises ValueError, without the text, when it is none."""
    try:
        pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError:
        raise ValueError(f"a line is no age identity ({IDENTITY_PREFIX}…)") from None
    return SecretStr(text)


def new_seal(recipients: Sequence[str], passphrase: SecretStr | None) -> Seal:
    """Return how to encrypt one archive: each recipient opens it alone, and so does the passphrase."""
    own = pyrage.x25519.Identity.generate()
    front = b""
    if passphrase is not None:
        front = pyrage.passphrase.encrypt(str(own).encode(), passphrase.get_secret_value(), armored=True)
    return Seal((*recipients, str(own.to_public())), SecretStr(str(own)), front)


def is_sealed(beginning: bytes) -> bool:
    """Say whether a file that begins so is encrypted."""
    return beginning.startswith((MAGIC, FRONT))


def unlocked(archive: Path, front: bytes, keys: Keys) -> tuple[SecretStr, ...]:
    """Return the identities to open an archive with; raises Locked when there are none.

    `front` is what stands before the archive; empty for one without a passphrase.
    """
    if front and keys.passphrase is not None:
        return (*keys.identities, _own(archive, front, keys.passphrase))
    if keys.identities:
        return keys.identities
    if front:
        raise Locked(archive, "it is encrypted with a passphrase", "Give it with `--passphrase-stdin`.")
    raise Locked(archive, "it is encrypted to age recipients", "Give one's key with `--identity FILE`.")


def _own(archive: Path, front: bytes, passphrase: SecretStr) -> SecretStr:
    try:
        return SecretStr(pyrage.passphrase.decrypt(front, passphrase.get_secret_value()).decode())
    except pyrage.DecryptError as error:
        raise Locked(
            archive, "the passphrase does not open it", "Give the one it was encrypted with."
        ) from error
