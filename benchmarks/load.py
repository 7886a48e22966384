"""Asks clients for their sign-in page until a file appears, each in a thread; prints what came back as JSON.

    python load.py STOP-FILE PAUSE-SECONDS NAME…

It runs on the host that is measured, with nothing but the standard library.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from pathlib import Path

_PORT = 8080
_PATIENCE = 60.0


def main() -> None:
    """Ask until told to stop."""
    stop, pause, names = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    seen: list[tuple[str, int, float]] = []

    def go_on_asking(name: str) -> None:
        while not stop.exists():
            begun = time.perf_counter()
            status = _ask(name)
            seen.append((name, status, time.perf_counter() - begun))
            time.sleep(pause)

    threads = [threading.Thread(target=go_on_asking, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(seen))


def _ask(name: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=_PATIENCE)
    try:
        connection.request("GET", "/login", headers={"Host": f"{name}.localhost"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


if __name__ == "__main__":
    main()
