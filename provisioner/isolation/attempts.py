"""Attempts as values: what somebody in one client's place tries, and who tries on whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["read", "see", "unix", "tcp", "udp", "signal", "trace", "netns"]
"""What `probe.py` does with the target:

read: open a file and read from it, or list a folder. see: look whether a path is there. unix: connect to the
socket at a path. tcp: connect to `address:port`. udp: find a way to `address:port`, without sending anything.
signal, trace: signal 0 to a process, or take hold of it. netns: name the network it is in.
"""

Standpoint = Literal["walls", "user", "door"]
"""From where: inside the client's whole walls; as its system user without further walls, so that each wall is
judged alone; through the front door, nginx, or another place every client has."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing to try, from where it means anything. `victim` is a client's id, empty for the host's own."""

    route: str
    kind: Kind
    target: str
    victim: str = ""
    standpoints: tuple[Standpoint, ...] = ("walls", "user")


@dataclass(frozen=True, slots=True)
class Said:
    """What came of an attempt: whether it got there, whether the words sought were in it, how it ended."""

    reached: bool
    found: bool
    how: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Who tries, on whom."""

    attacker: str
    victim: str


def pairs(victims: Sequence[str], everybody: Sequence[str], each: int | None, offset: int) -> list[Pair]:
    """Return who tries on each victim: `each` others at most, None for all of them.

    Those after the victim in the order of `everybody`, beginning `offset` further on: with every client a
    victim, each tries equally often, and another offset tries other pairs.
    """
    found = []
    for victim in victims:
        place = everybody.index(victim)
        others = [*everybody[place + 1 :], *everybody[:place]]
        start = offset % len(others) if others else 0
        turned = [*others[start:], *others[:start]]
        found += [Pair(attacker, victim) for attacker in turned[:each]]
    return found


def as_document(attempts: Sequence[Attempt], words: Sequence[str]) -> dict[str, object]:
    """Return what `probe.py` reads."""
    asked = [{"kind": one.kind, "target": one.target} for one in attempts]
    return {"attempts": asked, "words": list(words)}


def read_answer(document: object, attempts: Sequence[Attempt]) -> Iterator[tuple[Attempt, Said]]:
    """Return each attempt with what came of it; raises ValueError unless every one was answered."""
    answers = document.get("answers") if isinstance(document, dict) else None
    if not isinstance(answers, list) or len(answers) != len(attempts):
        raise ValueError("not every attempt was answered")
    for attempt, answer in zip(attempts, answers, strict=True):
        reached, found, how = answer["reached"], answer["found"], answer["how"]
        if not (isinstance(reached, bool) and isinstance(found, bool) and isinstance(how, str)):
            raise ValueError("an answer has another shape")
        yield attempt, Said(reached, found, how)
