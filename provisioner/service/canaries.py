"""Canaries of the proof of isolation: planted in running clients, and removed again whatever happens.

Which clients may hold one is written down before the first is planted. A proof that is killed leaves that
file, and the next one, which `doctor` asks for, begins by clearing them.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from provisioner.errors import ProvisionError, WrongState
from provisioner.filesystem import RenderedFile, read_text, remove_file, write_file
from provisioner.operator_client import InstanceRefused
from provisioner.registry.models import State
from provisioner.registry.registry import Entry, Registry
from provisioner.secrets import api_key, password
from provisioner.service.context import Context
from provisioner.service.operations import perform

_WORDS: Final = 3
_LETTERS: Final = 12
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
_INDEXED_WITHIN: Final = 60.0
_PAUSE: Final = 0.1
_UNKNOWN: Final = "unknown-operation"


@dataclass(frozen=True, slots=True)
class Canary:
    """What one client alone knows for a while. `document` is the file of its document."""

    entry: Entry
    words: str
    email: str
    password: SecretStr
    token: SecretStr
    api_key: SecretStr
    document: Path


@contextmanager
def planted(context: Context, registry: Registry, entries: Sequence[Entry]) -> Iterator[list[Canary]]:
    """Have a canary in each of these clients for a `with` block.

    Raises ProvisionError when one cannot be planted, is not found by its own client within a minute, or
    cannot be removed; all others are removed all the same.
    """
    clear_left(context, registry)
    marker = context.layout.isolation_proof
    names = [entry.id for entry in entries]
    write_file(RenderedFile(marker, json.dumps(names) + "\n", 0o600))
    try:
        canaries = [_plant(context, entry) for entry in entries]
        for canary in canaries:
            _wait_until_found(context, canary)
        yield canaries
    finally:
        _clear(context, registry, names)


def clear_left(context: Context, registry: Registry) -> None:
    """Remove what a proof that was cut off has left."""
    _clear(context, registry, left(context.layout.isolation_proof))


def left(marker: Path) -> list[str]:
    """Return the clients that may hold a canary of a proof that was cut off."""
    text = read_text(marker)
    return [str(name) for name in json.loads(text)] if text else []


def random_words() -> str:
    """Return words nobody has ever written: 3 of 12 letters, 169 bits."""
    return " ".join("".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS)) for _ in range(_WORDS))


def _plant(context: Context, entry: Entry) -> Canary:
    words, secret, key = random_words(), password(), api_key(entry.plan)
    payload = {
        "words": words,
        "name": random_words().replace(" ", "")[:20],
        "password": secret.get_secret_value(),
        "api_key": key.get_secret_value(),
    }
    try:
        answer = perform(context, entry, "canary-plant", payload)
    except InstanceRefused as error:
        if error.code != _UNKNOWN:
            raise
        raise WrongState(
            f"{entry.id} runs a version that knows no canaries.", f"`provision upgrade {entry.id}` first."
        ) from error
    originals = context.layout.root / f"client-{entry.id}" / "data" / "originals"
    token = SecretStr(str(answer["access_token"]))
    return Canary(entry, words, str(answer["email"]), secret, token, key, originals / str(answer["sha256"]))


def _wait_until_found(context: Context, canary: Canary) -> None:
    deadline = time.monotonic() + _INDEXED_WITHIN
    while not all(
        (sought := perform(context, canary.entry, "canary-seek", {"words": canary.words})).values()
    ):
        if time.monotonic() >= deadline:
            missed = " and ".join(name for name, found in sought.items() if not found)
            raise ProvisionError(
                f"{canary.entry.id} does not find its own canary by {missed} within {_INDEXED_WITHIN:g} s: "
                "that another client does not find it either would show nothing.",
                f"`provision status {canary.entry.id}` and `provision logs {canary.entry.id}` say more.",
            )
        time.sleep(_PAUSE)


def _clear(context: Context, registry: Registry, names: Iterable[str]) -> None:
    stay = [name for name in names if not _cleared(context, registry.find(name))]
    marker = context.layout.isolation_proof
    if stay:
        write_file(RenderedFile(marker, json.dumps(stay) + "\n", 0o600))
        raise ProvisionError(
            f"The canary could not be removed from {', '.join(stay)}.",
            f"`provision status {stay[0]}` says how it is; the next `provision prove-isolation` removes it.",
        )
    remove_file(marker)


def _cleared(context: Context, entry: Entry | None) -> bool:
    if entry is None or entry.state not in (State.RUNNING, State.STOPPED, State.SUSPENDED):
        return True
    try:
        perform(context, entry, "canary-clear", {})
    except ProvisionError as error:
        if error.code == _UNKNOWN:
            return True  # an older version, which never took one
        context.say(f"{entry.id}: {error}")
        return False
    return True
