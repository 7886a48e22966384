"""Signs of abuse in what is asked: the same question over and over, and attempts to command the model."""

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask_babel import lazy_gettext

from tenant_app.accounts.actor import Actor
from tenant_app.clock import Clock
from tenant_app.errors import RateLimited

SAME_IN_A_ROW: Final = 20
WITHIN: Final = timedelta(minutes=10)
_MOST_REMEMBERED: Final = 1000

_INJECTION: Final = re.compile(
    r"\b(?:ignore|ignorez|oublie|oubliez|disregard|forget|override)\b.{0,40}"
    r"\b(?:instructions?|consignes?|règles|rules|prompt)\b"
    r"|\b(?:system|system's|initial) prompt\b|\bprompt (?:système|initial)\b"
    r"|\b(?:répète|répétez|affiche|affichez|révèle|révélez|repeat|reveal|print|show me)\b.{0,30}"
    r"\b(?:tes|vos|your) (?:instructions?|consignes?|règles|rules)\b"
    r"|\b(?:jailbreak|developer mode|mode développeur|do anything now)\b",
    re.IGNORECASE | re.DOTALL,
)


def looks_like_injection(question: str) -> bool:
    """Return whether a question seems to be for the model rather than for the documents.

    It is answered all the same (the rules do not yield to it); the security log keeps that it happened.
    """
    return _INJECTION.search(question) is not None


@dataclass
class _Row:
    question: int
    times: int
    last: datetime


class Repetitions:
    """Counts how often each person asks the same question in a row; in memory, never the question itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rows: OrderedDict[tuple[int | None, int | None], _Row] = OrderedDict()

    def count(self, actor: Actor, question: str) -> None:
        """Count one question; raises RateLimited for the same one more than 20 times within ten minutes."""
        now, asked = self._clock.now(), hash(" ".join(question.split()).casefold())
        with self._lock:
            row = self._rows.pop((actor.user_id, actor.key_id), None)
            if row is None or row.question != asked or not now - WITHIN < row.last <= now:
                row = _Row(asked, 0, now)
            if row.times < SAME_IN_A_ROW:
                row.times, row.last = row.times + 1, now
                refused = False
            else:
                refused = True
            self._rows[actor.user_id, actor.key_id] = row
            if len(self._rows) > _MOST_REMEMBERED:
                self._rows.popitem(last=False)
        if refused:
            raise RateLimited(
                lazy_gettext("Vous avez posé %(times)s fois la même question de suite.", times=SAME_IN_A_ROW),
                code="repeated-question",
                retry_after=int((row.last + WITHIN - now).total_seconds()),
            )
