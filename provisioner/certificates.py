"""The TLS certificates an operator keeps: a directory with one folder for each, as certbot keeps its own.

`<directory>/<any name>/fullchain.pem` and `privkey.pem`. What names a certificate covers is read from it,
never from the folder's name, so that one for `*.example.fr` serves every client.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from provisioner.errors import InvalidConfiguration

CHAIN: Final = "fullchain.pem"
KEY: Final = "privkey.pem"


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate with its chain and key; `names` in lower case, as it bears them; times in UTC.

    `edition` tells it from another one in the same place: its SHA-256, or the number certbot gave it.
    """

    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    edition: str
    folder: Path

    @property
    def chain(self) -> Path:
        """The certificate, followed by those that vouch for it."""
        return self.folder / CHAIN

    @property
    def key(self) -> Path:
        """Its private key."""
        return self.folder / KEY

    def covers(self, name: str) -> bool:
        """Say whether it may be shown for a host name; `*` stands for exactly one label (RFC 9525, 6.3)."""
        any_label = f"*.{name.partition('.')[2]}"
        return name in self.names or any_label in self.names


@dataclass(frozen=True, slots=True)
class Store:
    """What a directory holds: certificates, and why each other folder holds none that can be served.

    A folder that is broken is in nobody's way whose name another certificate covers.
    """

    certificates: tuple[Certificate, ...] = ()
    refused: tuple[InvalidConfiguration, ...] = ()


def read_certificates(directory: Path) -> Store:
    """Return what there is under a directory, in the order of the folders' names.

    Raises InvalidConfiguration when the directory itself cannot be read.
    """
    certificates, refused = list[Certificate](), list[InvalidConfiguration]()
    try:
        folders = sorted(path for path in directory.iterdir() if (path / CHAIN).exists())
    except OSError as error:
        raise _unreadable(error) from error
    for folder in folders:
        try:
            certificates.append(_read(folder))
        except OSError as error:
            refused.append(_unreadable(error))
        except InvalidConfiguration as error:
            refused.append(error)
    return Store(tuple(certificates), tuple(refused))


def _unreadable(error: OSError) -> InvalidConfiguration:
    reason = f"{error.filename} cannot be read: {error.strerror}."
    return InvalidConfiguration("tls_certificates", reason, "Put it there, as root.")


def serving(certificates: Sequence[Certificate], name: str, now: datetime) -> Certificate | None:
    """Return the certificate to show for a name: of those that cover it now, the one that lasts longest.

    One that has run out is better than none, because it tells people and `doctor` what is wrong.
    """
    covering = [one for one in certificates if one.covers(name)]
    in_force = [one for one in covering if one.not_before <= now <= one.not_after]
    return max(in_force or covering, key=lambda one: one.not_after, default=None)


def by_certificate(store: Store, names: Iterable[str], now: datetime) -> dict[Certificate, tuple[str, ...]]:
    """Return the names to serve under each certificate, in the order given.

    Raises InvalidConfiguration for a name that none covers, with what is wrong with the folders that might.
    """
    grouped: dict[Certificate, tuple[str, ...]] = {}
    for name in names:
        found = serving(store.certificates, name, now)
        if found is None:
            raise InvalidConfiguration(
                "tls_certificates",
                " ".join((f"no certificate there covers {name}.", *(one.reason for one in store.refused))),
                f"Put one into a folder of it, as {CHAIN} and {KEY}, and run the command again.",
            )
        grouped[found] = (*grouped.get(found, ()), name)
    return grouped


def _read(folder: Path) -> Certificate:
    # Takes a tenth of a second, which commands without certificates do not need.
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415

    try:
        certificate = x509.load_pem_x509_certificate((folder / CHAIN).read_bytes())
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), password=None)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, x509.ExtensionNotFound) as error:
        raise InvalidConfiguration(
            "tls_certificates",
            f"{folder} does not hold a certificate with host names and its key without a passphrase.",
            f"Correct {CHAIN} and {KEY} there, or take the folder away.",
        ) from error
    if certificate.public_key() != key.public_key():
        raise InvalidConfiguration(
            "tls_certificates",
            f"the key in {folder} is not that of its certificate.",
            "Put the right one there.",
        )
    return Certificate(
        tuple(name.lower() for name in names.get_values_for_type(x509.DNSName)),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.fingerprint(hashes.SHA256()).hex(),
        folder,
    )
