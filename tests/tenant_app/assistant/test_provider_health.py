"""A provider in trouble is left alone for a while, then tried by one question."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tenant_app.assistant.provider_health import FAILURES_BEFORE_PAUSE, PAUSE_SECONDS, ProviderHealth


class Stopwatch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_after_some_failures_in_a_row_nobody_waits_for_it_until_the_pause_is_over() -> None:
    watch = Stopwatch()
    health = ProviderHealth(watch)
    for _ in range(FAILURES_BEFORE_PAUSE):
        assert health.worth_asking()
        health.failed("provider-timeout")

    assert not health.worth_asking()
    watch.seconds += PAUSE_SECONDS
    # One question tries it; those asked meanwhile do not wait with it.
    assert health.worth_asking()
    assert not health.worth_asking()


def test_one_good_answer_forgets_the_failures_before() -> None:
    health = ProviderHealth(Stopwatch())
    for _ in range(FAILURES_BEFORE_PAUSE - 1):
        health.failed("provider-error")
    health.answered()

    health.failed("provider-error")

    assert health.worth_asking()


def test_after_the_pause_one_of_many_callers_at_once_tries() -> None:
    watch = Stopwatch()
    health = ProviderHealth(watch)
    for _ in range(FAILURES_BEFORE_PAUSE):
        health.failed("provider-error")
    watch.seconds += PAUSE_SECONDS
    together = threading.Barrier(20)

    def ask() -> bool:
        together.wait()
        return health.worth_asking()

    with ThreadPoolExecutor(20) as pool:
        tried = [pool.submit(ask) for _ in range(20)]

    assert sum(trial.result() for trial in tried) == 1


def test_trouble_of_changing_kind_is_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    watch = Stopwatch()
    health = ProviderHealth(watch)
    for _ in range(30):
        health.failed("provider-error")
        health.failed("provider-timeout")
        health.answered()
        watch.seconds += 1

    assert [record.message for record in caplog.records].count("provider_unavailable") == 1
