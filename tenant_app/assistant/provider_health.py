"""Whether the provider is worth asking, and telling the operator once, not with each question."""

import math
import threading
import time
from collections.abc import Callable
from typing import Final

from tenant_app.assistant.provider import Reason
from tenant_app.logs import get_log

FAILURES_BEFORE_PAUSE: Final = 5
PAUSE_SECONDS: Final = 15.0
QUIET_SECONDS: Final = 60.0

log = get_log(__name__)


class ProviderHealth:
    """Counts failures in a row; after some, the provider is left alone for a while, then tried again.

    ``monotonic`` gives seconds that never go back, whatever is done to the clock.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._paused_until = 0.0
        self._told: set[Reason] = set()
        self._quiet_until = -math.inf

    def worth_asking(self) -> bool:
        """Return False during a pause. The first caller after it tries; the others wait for its outcome."""
        with self._lock:
            if self._failures < FAILURES_BEFORE_PAUSE:
                return True
            if self._monotonic() < self._paused_until:
                return False
            self._paused_until = self._monotonic() + PAUSE_SECONDS
            return True

    def failed(self, reason: Reason) -> None:
        """Note a failure; the operator is told of each kind of trouble once, and once a minute at most."""
        with self._lock:
            now = self._monotonic()
            self._failures += 1
            self._paused_until = now + PAUSE_SECONDS
            news = reason not in self._told and now >= self._quiet_until
            if news:
                self._told.add(reason)
                self._quiet_until = now + QUIET_SECONDS
        if news:
            log.warning("provider_unavailable", reason=reason, answers="local")

    def answered(self) -> None:
        """Note that the provider works; the operator is told when it did not before."""
        with self._lock:
            self._failures = 0
            recovered = bool(self._told)
            self._told.clear()
        if recovered:
            log.info("provider_recovered")
