"""What the attempts show: each way from one client to another held, or open, or not shown to be either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from provisioner.isolation.attempts import Attempt, Said, Standpoint
from provisioner.isolation.routes import BY_NAME


class Verdict(StrEnum):
    """What came of one way."""

    HELD = "held"
    OPEN = "open"
    NOT_PROMISED = "not-promised"
    """Open, and this driver never said otherwise."""
    NOTHING_THERE = "nothing-there"
    """There is nothing to reach: no backup was taken, no provider is named."""
    UNPROVEN = "unproven"
    """It did not get there, but nor did whoever may: that shows nothing."""


@dataclass(frozen=True, slots=True)
class Result:
    """One way from one client to another (an empty `victim`: to the host's own), and how it ended.

    `detail` is for the operator: it may name files and other clients. `mend` is empty unless it is open.
    """

    attacker: str
    victim: str
    route: str
    standpoint: Standpoint
    verdict: Verdict
    tried: int
    detail: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Judge:
    """What is needed to judge: which promises the driver keeps, and the name of the host's own network."""

    kept: Mapping[str, bool]
    host_network: str

    def of_attempts(
        self, attacker: str, standpoint: Standpoint, answered: Iterable[tuple[Attempt, Said]]
    ) -> list[Result]:
        """Return a result for each victim and route of one attacker's attempts from one place."""
        ordered = sorted(answered, key=lambda one: (one[0].victim, one[0].route))
        grouped = groupby(ordered, key=lambda one: (one[0].victim, one[0].route))
        return [
            self._of_route(attacker, victim, route, standpoint, list(tried))
            for (victim, route), tried in grouped
        ]

    def of_answers(
        self, attacker: str, victim: str, route: str, *, opened: Sequence[str], tried: int
    ) -> Result:
        """Return the result of what was tried through a place every client has; `opened` says what opened."""
        return self._result(attacker, victim, route, "door", opened, tried, "")

    def _of_route(
        self,
        attacker: str,
        victim: str,
        route: str,
        standpoint: Standpoint,
        tried: Sequence[tuple[Attempt, Said]],
    ) -> Result:
        opened = [_told(one, said) for one, said in tried if self._is_open(one, said)]
        ended = ", ".join(sorted({said.how for one, said in tried if not self._is_open(one, said)}))
        return self._result(attacker, victim, route, standpoint, opened, len(tried), ended)

    def _is_open(self, attempt: Attempt, said: Said) -> bool:
        if attempt.kind == "netns":
            return not said.reached or said.how == self.host_network
        return said.reached

    def _result(
        self,
        attacker: str,
        victim: str,
        route: str,
        standpoint: Standpoint,
        opened: Sequence[str],
        tried: int,
        ended: str,
    ) -> Result:
        if not opened:
            return Result(attacker, victim, route, standpoint, Verdict.HELD, tried, ended)
        about = BY_NAME[route]
        promised = not about.promise or self.kept.get(about.promise, False)
        verdict = Verdict.OPEN if promised else Verdict.NOT_PROMISED
        mend = about.mend.replace("ID", victim or attacker) if promised else ""
        return Result(attacker, victim, route, standpoint, verdict, tried, "; ".join(opened), mend)


def unproven(attacker: str, victim: str, route: str, standpoint: Standpoint, why: str) -> Result:
    """Return the result of a way whose owner could not go it either, or that could not be tried."""
    return Result(attacker, victim, route, standpoint, Verdict.UNPROVEN, 0, why)


def nothing_there(attacker: str, victim: str, route: str) -> Result:
    """Return the result of a way that leads to nothing on this host."""
    return Result(attacker, victim, route, "user", Verdict.NOTHING_THERE, 0)


def _told(attempt: Attempt, said: Said) -> str:
    read = ", and the canary's words in it" if said.found else ""
    words = {"netns": "it is in the host's own network", "signal": f"signals reach process {attempt.target}"}
    return words.get(attempt.kind, f"{attempt.target} was reached ({attempt.kind}){read}")
