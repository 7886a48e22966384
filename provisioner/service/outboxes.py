"""Takes over what clients' instances want to be mailed: they have no network of their own.

An instance says whom to write to and with which link, and nothing else: the words are this host's, and so is
the address the link leads to. It may put anything into its folder: what does not fit is thrown away and told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from provisioner import fields
from provisioner.errors import InvalidRequest
from provisioner.mail.letter import Kind, Letter
from provisioner.mail.spool import Spool
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.render.client_package import address
from provisioner.render.letters import day, write_letter
from provisioner.service import mail
from provisioner.service.context import Context
from provisioner.service.tenants import spec_of
from provisioner.untrusted_files import read_untrusted

OUTBOX: Final = "outbox"
LARGEST_BYTES: Final = 4096
MOST_A_DAY: Final = 200
"""Letters of one client: enough to invite a hospital's staff in some days, too few to be worth abusing."""
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{20,100}")
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def _plain(secret: SecretStr) -> SecretStr:
    """A link ends where its secret does: no blank, no dot, no slash may be in it."""
    if not _SECRET.fullmatch(secret.get_secret_value()):
        raise ValueError("no secret of a link")
    return secret


class Wanted(BaseModel):
    """A letter as an instance asks for it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal[Kind.INVITATION, Kind.RESET]
    recipient: Annotated[str, Field(max_length=254)]
    inviter: Annotated[str, Field(max_length=254)]
    language: Literal["fr", "en"]
    secret: Annotated[SecretStr, AfterValidator(_plain)]
    expires_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class Discarded:
    """What an instance had put out and nobody will send, and why."""

    client_id: str
    name: str
    reason: str


def collect(context: Context, spool: Spool) -> list[Discarded]:
    """Take what all served clients have put out into the spool; return what was thrown away.

    A client beyond its letters of a day keeps the rest for the next.
    """
    discarded: list[Discarded] = []
    for entry in context.registry.all():
        if entry.state in (State.RUNNING, State.STOPPED):
            discarded += _collect_of(context, spool, entry)
    return discarded


def _collect_of(context: Context, spool: Spool, entry: Entry) -> Iterator[Discarded]:
    folder = context.layout.root / f"client-{entry.id}"
    left = MOST_A_DAY - spool.written_since(
        entry.id, (Kind.INVITATION, Kind.RESET), context.clock.now() - timedelta(days=1)
    )
    try:
        with _opened(folder) as outbox:
            names = sorted(name for name in os.listdir(outbox) if name.endswith(".json"))  # noqa: PTH208
            for name in names[: max(left, 0)]:
                try:
                    spool.add(_letter(context, entry, folder, name))
                except _Unfit as error:
                    yield Discarded(entry.id, name, str(error))
                os.unlink(name, dir_fd=outbox)
    except FileNotFoundError:
        return
    except OSError as error:
        yield Discarded(entry.id, OUTBOX, f"cannot be read ({error.strerror})")


class _Unfit(Exception):
    """What was put out is no letter; the message says why."""


def _letter(context: Context, entry: Entry, folder: Path, name: str) -> Letter:
    wanted = _wanted(folder, name)
    spec = spec_of(context, entry.request, entry.port)
    where = address(spec, context.host)
    try:
        written = write_letter(
            Kind(wanted.kind),
            wanted.language,
            client=spec.name,
            inviter=wanted.inviter or spec.name,
            email=wanted.recipient,
            address=where,
            until=day(wanted.expires_at, wanted.language),
            password_link=mail.link(where, "welcome", wanted.secret),
        )
    except ValueError as error:
        raise _Unfit("holds what cannot be written") from error
    key = f"{entry.id}:{name}"
    return mail.letter_of(written, key, Kind(wanted.kind), entry.id, wanted.recipient, wanted.expires_at)


def _wanted(folder: Path, name: str) -> Wanted:
    try:
        content = read_untrusted(folder, "data", OUTBOX, name, largest=LARGEST_BYTES)
        wanted = Wanted.model_validate_json(content)
        fields.check_email("recipient", wanted.recipient)
        if wanted.inviter:
            fields.check_email("inviter", wanted.inviter)
    except (OSError, ValidationError, InvalidRequest) as error:
        raise _Unfit("does not fit what an instance may ask for") from error
    except ValueError as error:
        raise _Unfit(str(error)) from error
    return wanted


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """Open a client's outbox, following no link."""
    parent = os.open(folder, _DIRECTORY)
    try:
        data = os.open("data", _DIRECTORY, dir_fd=parent)
    finally:
        os.close(parent)
    try:
        outbox = os.open(OUTBOX, _DIRECTORY, dir_fd=data)
    finally:
        os.close(data)
    try:
        yield outbox
    finally:
        os.close(outbox)
