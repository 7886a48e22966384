"""An instance that nobody asks anything ends; whoever holds its port starts it again at the next request.

Only where something does hold the port while the process is away (systemd's socket) are the settings given
a time after which to end.
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from werkzeug.wsgi import ClosingIterator

from tenant_app.logs import get_log

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

NOT_COUNTED: Final = frozenset({"/healthz", "/readyz", "/internal/status"})
"""What asks how the instance is does not keep it awake."""
LONGEST_LOOK_SECONDS: Final = 5.0

_log = get_log(__name__)


class Requests:
    """Counts the requests in hand, streams included until their last word, and when the last one ended."""

    def __init__(self, application: "WSGIApplication", now: Callable[[], float] = time.monotonic) -> None:
        self._application = application
        self._now = now
        self._lock = threading.Lock()
        self._in_hand = 0
        self._quiet_since = now()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer as the application does; what only asks how the instance is is not counted."""
        if environ.get("PATH_INFO") in NOT_COUNTED:
            return self._application(environ, start_response)
        with self._lock:
            self._in_hand += 1
        try:
            answer = self._application(environ, start_response)
        except BaseException:
            self._end()
            raise
        return ClosingIterator(answer, self._end)

    def quiet_seconds(self) -> float:
        """Return for how long nothing has been asked: 0 while something is being answered."""
        with self._lock:
            return 0.0 if self._in_hand else self._now() - self._quiet_since

    def _end(self) -> None:
        with self._lock:
            self._in_hand -= 1
            self._quiet_since = self._now()


class Sleep:
    """Calls ``end`` once nothing was asked for ``after_seconds`` and nothing is being worked on.

    With ``after_seconds`` None it never does.
    """

    def __init__(
        self,
        after_seconds: float | None,
        *,
        quiet_seconds: Callable[[], float],
        working: Callable[[], bool],
        end: Callable[[], None],
    ) -> None:
        self._after = after_seconds
        self._quiet_seconds = quiet_seconds
        self._working = working
        self._end = end
        self._stopping = threading.Event()

    def start(self) -> None:
        """Watch in a thread of its own; returns at once."""
        if self._after is not None:
            threading.Thread(target=self._watch, args=(self._after,), name="sleep", daemon=True).start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stopping.set()

    def _watch(self, after: float) -> None:
        while not self._stopping.wait(min(LONGEST_LOOK_SECONDS, after / 4)):
            # What is worked on is asked last, and only when it may matter: it takes a query.
            if self._quiet_seconds() >= after and not self._working():
                _log.info("falls_asleep", quiet_seconds=after)
                self._end()
                return
