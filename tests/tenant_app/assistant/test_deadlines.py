"""Nobody waits longer than they were promised, whatever the other side does."""

import threading
import time
from collections.abc import Generator

import pytest

from tenant_app.assistant.deadlines import within
from tests.tenant_app.assistant.conftest import OpenTenant


def test_what_comes_in_time_comes_whole_and_in_order() -> None:
    def numbers() -> Generator[int, None, None]:
        yield from range(100)

    assert list(within(10, numbers)) == list(range(100))


def test_an_error_is_raised_where_it_is_waited_for() -> None:
    def broken() -> Generator[int, None, None]:
        yield 1
        raise OSError("gone")

    items = within(10, broken)
    assert next(items) == 1
    with pytest.raises(OSError, match="gone"):
        next(items)


@pytest.mark.parametrize("trickles", [False, True])
def test_silence_and_a_trickle_end_at_the_deadline(trickles: bool) -> None:
    over, closed = threading.Event(), threading.Event()

    def slow() -> Generator[int, None, None]:
        try:
            while not over.wait(0.05):
                if trickles:
                    yield 1
        finally:
            closed.set()

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        list(within(0.5, slow))

    assert 0.5 <= time.monotonic() - began < 5
    over.set()
    assert closed.wait(10)


@pytest.mark.parametrize("behaviour", ["stall", "trickle"])
def test_the_local_answer_comes_when_the_model_s_time_is_over(
    open_tenant: OpenTenant, behaviour: str
) -> None:
    tenant = open_tenant("echo", llm_timeout_seconds="2")
    assert tenant.simulator is not None
    tenant.ask()
    tenant.simulator.behaviour = behaviour  # type: ignore[assignment]

    began = time.monotonic()
    answer = tenant.ask("Quel est le délai de recours devant le tribunal ?")

    assert (answer["mode"], tenant.notices(answer)) == ("local", ["provider-timeout"])
    # Two seconds of the model's, and what a busy machine needs to search and write.
    assert 2 <= time.monotonic() - began < 2 + 6
