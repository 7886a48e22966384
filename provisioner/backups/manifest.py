"""What stands in front of every backup: what it is of, and each file in it with its SHA-256."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from provisioner.errors import Refused

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DATABASE: Final = "tenant.sqlite3"
USAGE: Final = "usage"
ORIGINALS: Final = "originals"
_NAME: Final = (
    r"^(tenant\.sqlite3|originals/[0-9a-f]{64}|branding/[A-Za-z0-9][A-Za-z0-9._-]{0,254}"
    r"|usage/[0-9]{4}-[0-9]{2}\.json)$"
)


class ArchiveRefused(Refused):
    """A file is no backup, or not as it was written; nothing of it was used."""

    code = "archive-refused"

    def __init__(
        self, archive: Path | str, reason: str, mend: str = "Use another backup of this client."
    ) -> None:
        self.reason = reason
        super().__init__(f"{archive} is refused: {reason}.", mend)


class Member(BaseModel):
    """One file of the client's data directory. `size` in bytes; `sha256` in hexadecimal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=_NAME)]
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What a backup says of itself.

    `request` is what was asked for the client, as the registry keeps it: its plan, its own figures, its
    identity; `terms` what its plan came to with them on that day. `product` and `schema_revision` say which
    Tenantry wrote the data. There is no secret in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    product: str
    schema_revision: str
    client_id: str
    plan: str
    request: dict[str, Any]
    terms: dict[str, Any] = {}
    taken_at: AwareDatetime
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(member.size for member in self.members)
