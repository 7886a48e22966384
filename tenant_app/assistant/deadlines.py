"""What comes from elsewhere, for as long as somebody waits for it and no longer."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _End:
    error: Exception | None


def within(seconds: float, begin: Callable[[], Generator[T, None, None]]) -> Iterator[T]:
    """Yield what ``begin()`` yields, which runs in a thread of its own; raises what it raises.

    Raises TimeoutError when ``seconds`` have passed since the first item was asked for, whatever the other
    side does: not connect, say nothing, or say a little now and then. The thread then ends with its own next
    item or time limit, and closes what it opened.
    """
    deadline = time.monotonic() + seconds
    arrived: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
    left = threading.Event()
    threading.Thread(target=_read, args=(begin, arrived, left), name="within", daemon=True).start()
    try:
        while True:
            item = _next(arrived, deadline)
            if not isinstance(item, _End):
                yield item
            elif item.error is not None:
                raise item.error
            else:
                return
    finally:
        left.set()


def _next(arrived: "queue.SimpleQueue[T | _End]", deadline: float) -> "T | _End":
    wait = deadline - time.monotonic()
    if wait <= 0:
        raise TimeoutError
    try:
        return arrived.get(timeout=wait)
    except queue.Empty:
        raise TimeoutError from None


def _read(
    begin: Callable[[], Generator[T, None, None]],
    arrived: "queue.SimpleQueue[T | _End]",
    left: threading.Event,
) -> None:
    items = begin()
    try:
        for item in items:
            if left.is_set():
                break
            arrived.put(item)
        arrived.put(_End(None))
    except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
        arrived.put(_End(error))
    finally:
        items.close()
