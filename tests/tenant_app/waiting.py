"""Wait for something that another thread or process brings about."""

import time
from collections.abc import Callable

import pytest


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 150) -> None:
    """Return as soon as `condition` holds; fail, saying `what` was waited for, when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:.0f} s in vain for: {what}")
        time.sleep(0.02)
