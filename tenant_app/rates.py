"""How often something may be called in any minute: sign-ins by one address, everything by one tenant."""

import math
import threading
from collections import defaultdict, deque
from datetime import datetime, timedelta

from flask_babel import LazyString

from tenant_app.clock import Clock
from tenant_app.errors import RateLimited

WINDOW = timedelta(minutes=1)


class SlidingRate:
    """A sliding minute per caller, in memory: it smooths; lock-out and quotas are kept on disk.

    ``refusal`` is what a caller whose minute is full is told.
    """

    def __init__(self, clock: Clock, *, per_minute: int, refusal: LazyString) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._refusal = refusal
        self._lock = threading.Lock()
        self._calls: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def count(self, caller: str) -> None:
        """Count one call; raises RateLimited, saying when to come back, when the minute is full."""
        now = self._clock.now()
        with self._lock:
            self._forget_outside(now - WINDOW, now)
            calls = self._calls[caller]
            if len(calls) >= self._per_minute:
                wait = math.ceil((calls[0] + WINDOW - now).total_seconds())
                raise RateLimited(self._refusal, retry_after=wait)
            calls.append(now)

    def _forget_outside(self, past: datetime, now: datetime) -> None:
        for caller, calls in list(self._calls.items()):
            while calls and calls[0] <= past:
                calls.popleft()
            # Later than now: the clock was set back, which must not turn one minute into an hour.
            while calls and calls[-1] > now:
                calls.pop()
            if not calls:
                del self._calls[caller]
