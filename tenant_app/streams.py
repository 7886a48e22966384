"""How many answers may be streamed at once: a stream holds a thread until it ends."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask_babel import lazy_gettext

from tenant_app.errors import Unavailable

KEPT_FREE = 2
RETRY_AFTER_SECONDS = 5


class StreamSlots:
    """At most ``threads − 2`` streams, so that health and pages are always answered."""

    def __init__(self, threads: int) -> None:
        self.limit = threads - KEPT_FREE
        self._lock = threading.Lock()
        self._active = 0

    @property
    def active(self) -> int:
        """How many streams are open now."""
        return self._active

    def acquire(self) -> None:
        """Take a slot; raises Unavailable (503, Retry-After) when none is left."""
        with self._lock:
            if self._active >= self.limit:
                raise Unavailable(
                    lazy_gettext("Trop de réponses sont en cours ; réessayez dans quelques secondes."),
                    code="busy",
                    retry_after=RETRY_AFTER_SECONDS,
                )
            self._active += 1

    def release(self) -> None:
        """Give a slot back."""
        with self._lock:
            self._active -= 1

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot for the length of the block; raises Unavailable when none is left."""
        self.acquire()
        try:
            yield
        finally:
            self.release()
