"""A proof as a whole: what was tried when, on whom, and what it shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from provisioner.isolation.attempts import Pair
from provisioner.isolation.judgement import Result, Verdict


@dataclass(frozen=True, slots=True)
class Proof:
    """What one run of `prove-isolation` showed.

    `subject` is the name of the one client it is about, empty when it is about several. `clients` ran then,
    `asleep` others did not and were left alone. `all_pairs`: every one of them tried every victim.
    """

    at: datetime
    version: str
    driver: str
    vendor: str
    subject: str
    clients: int
    pairs: tuple[Pair, ...]
    all_pairs: bool
    asleep: int
    results: tuple[Result, ...]

    def having(self, *verdicts: Verdict) -> list[Result]:
        """Return the results that ended so."""
        return [one for one in self.results if one.verdict in verdicts]

    @property
    def held(self) -> bool:
        """Whether every wall this driver promises was shown to hold."""
        return not self.having(Verdict.OPEN, Verdict.UNPROVEN)

    def summary(self) -> str:
        """Return one line without a name or a secret."""
        counted = Counter(one.verdict for one in self.results)
        told = ", ".join(f"{counted[verdict]} {verdict}" for verdict in Verdict if counted[verdict])
        return f"{len(self.pairs)} pairs: {told}"
