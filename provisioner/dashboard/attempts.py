"""How often one network address may try to sign in: a sliding minute, beside the lock-out on disk."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from datetime import datetime, timedelta
from typing import Final

from provisioner.clock import Clock

WINDOW: Final = timedelta(minutes=1)


class Attempts:
    """Counts attempts per address."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._lock = threading.Lock()
        self._seen: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def admit(self, address: str) -> bool:
        """Count one attempt; False when the address has had its share of this minute."""
        now = self._clock.now()
        with self._lock:
            for known, moments in list(self._seen.items()):
                while moments and moments[0] <= now - WINDOW:
                    moments.popleft()
                if not moments:
                    del self._seen[known]
            if len(self._seen[address]) >= self._per_minute:
                return False
            self._seen[address].append(now)
            return True
