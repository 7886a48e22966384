"""Certificates from an ACME authority (RFC 8555): the settings, and which certificate a name is to have.

certbot orders them. It keeps each under a name of its own through all its renewals, a lineage: here a host
name, or the base domain for the certificate of all names right below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from provisioner.certificates import Certificate
from provisioner.errors import InvalidRequest
from provisioner.fields import check_email

Challenge = Literal["http-01", "dns-01"]

LETS_ENCRYPT: Final = "https://acme-v02.api.letsencrypt.org/directory"
_DIRECTORY: Final = re.compile(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?")
_PLAIN_PATH: Final = re.compile(r"(/[A-Za-z0-9._-]+)+")


def _email(text: str) -> str:
    try:
        check_email("value", text)
    except InvalidRequest as error:
        raise ValueError(error.reason) from error
    return text


def _directory(text: str) -> str:
    if not _DIRECTORY.fullmatch(text):
        raise ValueError("write it as https://host[:port]/path")
    return text


def _plain_path(path: Path | None) -> Path | None:
    """certbot hands a hook to a shell: a path of plain characters is the same there."""
    if path is not None and not _PLAIN_PATH.fullmatch(str(path)):
        raise ValueError("give an absolute path of letters, digits and '.', '_', '-'")
    return path


PlainPath = Annotated[Path | None, AfterValidator(_plain_path)]


class Acme(BaseModel):
    """How certificates are obtained; whoever sets it accepts the authority's terms of service.

    `ca_file` is what the authority's own server is trusted by, None for the system's authorities.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: Annotated[str, AfterValidator(_email)]
    challenge: Challenge = "http-01"
    directory: Annotated[str, AfterValidator(_directory)] = LETS_ENCRYPT
    dns_auth_hook: PlainPath = None
    dns_cleanup_hook: PlainPath = None
    ca_file: PlainPath = None

    @model_validator(mode="after")
    def _with_its_hooks(self) -> Self:
        if self.challenge == "dns-01" and not (self.dns_auth_hook and self.dns_cleanup_hook):
            raise ValueError("dns-01 needs dns_auth_hook and dns_cleanup_hook")
        return self


@dataclass(frozen=True, slots=True)
class Lineage:
    """A certificate through all its renewals: its name with certbot, and the names it is for."""

    name: str
    covers: tuple[str, ...]


def lineages(names: Iterable[str], base_domain: str, challenge: Challenge) -> tuple[Lineage, ...]:
    """Return the certificates to order for host names: one each, or by dns-01 one for all below the base."""
    return tuple(dict.fromkeys(_lineage(name, base_domain, challenge) for name in names))


def _lineage(name: str, base_domain: str, challenge: Challenge) -> Lineage:
    if challenge == "dns-01" and name.partition(".")[2] == base_domain:
        return Lineage(base_domain, (f"*.{base_domain}",))
    return Lineage(name, (name,))


def is_due(certificate: Certificate, now: datetime) -> bool:
    """Say whether it is to be renewed: less than a third of its life remains, as Let's Encrypt advises."""
    life = certificate.not_after - certificate.not_before
    return now > certificate.not_after - life / 3
