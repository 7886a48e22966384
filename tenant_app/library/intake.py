"""A file that comes in: what it may cost, and the row it gets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenant_app.accounts.actor import Actor
from tenant_app.library.originals import Received
from tenant_app.passages import Document

TIGHT: Final = 0.95


@dataclass(frozen=True)
class Limits:
    """Bytes: of one uploaded file, and of all files kept."""

    upload_bytes: int
    storage_bytes: int


@dataclass(frozen=True)
class Storage:
    """Bytes taken by files, of those the plan allows."""

    used: int
    allowed: int

    @property
    def is_tight(self) -> bool:
        """Whether it is time to say so."""
        return self.used > TIGHT * self.allowed


@dataclass(frozen=True)
class Place:
    """Where a document belongs: a case, or None for the whole firm; and the folder its file lay in."""

    case_id: int | None
    folder: str


@dataclass(frozen=True)
class Intake:
    """What became of an upload; ``new`` is false when the same content was there already."""

    document: Document
    new: bool


def new_row(actor: Actor, received: Received, name: str, media_type: str, now: datetime) -> Document:
    """Return the row of a file that waits to be read; its folder and case are the caller's to set."""
    return Document(
        name=name,
        sha256=received.sha256,
        media_type=media_type,
        size=received.size,
        status="queued",
        created_at=now,
        updated_at=now,
        created_by=actor.user_id,
        replacement=None,
    )
