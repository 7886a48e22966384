"""When an instance that nobody asks may end."""

import threading
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from werkzeug.test import Client

from tenant_app.idleness import Requests, Sleep


class Moments:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def answering(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    if environ["PATH_INFO"] == "/broken":
        raise RuntimeError
    start_response("200 OK", [("Content-Type", "text/plain")])
    return iter((b"a", b"b"))


@pytest.fixture
def moments() -> Moments:
    return Moments()


@pytest.fixture
def requests(moments: Moments) -> Requests:
    return Requests(answering, moments)


def test_it_is_quiet_since_it_started(requests: Requests, moments: Moments) -> None:
    moments.now = 7.0
    assert requests.quiet_seconds() == 7.0


def test_a_request_ends_the_quiet_and_begins_it_anew(requests: Requests, moments: Moments) -> None:
    moments.now = 7.0
    assert Client(requests).get("/", buffered=True).data == b"ab"
    moments.now = 9.0
    assert requests.quiet_seconds() == 2.0


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/internal/status"])
def test_who_only_asks_how_it_is_does_not_keep_it_awake(
    requests: Requests, moments: Moments, path: str
) -> None:
    moments.now = 7.0
    assert Client(requests).get(path).status_code == 200
    assert requests.quiet_seconds() == 7.0


def test_a_stream_lasts_until_its_last_word(requests: Requests, moments: Moments) -> None:
    answer = requests({"PATH_INFO": "/api/chat"}, lambda *_: lambda _: None)
    moments.now = 100.0
    assert requests.quiet_seconds() == 0.0
    answer.close()  # type: ignore[attr-defined]
    assert requests.quiet_seconds() == 0.0
    moments.now = 101.0
    assert requests.quiet_seconds() == 1.0


def test_a_request_that_failed_is_over(requests: Requests, moments: Moments) -> None:
    with pytest.raises(RuntimeError):
        Client(requests).get("/broken")
    moments.now = 1.0
    assert requests.quiet_seconds() == 1.0


def test_it_ends_once_it_is_quiet_and_has_nothing_to_do() -> None:
    ended, looks = threading.Event(), iter((True, True, False))
    sleep = Sleep(0.02, quiet_seconds=lambda: 1.0, working=lambda: next(looks), end=ended.set)
    sleep.start()
    assert ended.wait(10)
    assert list(looks) == []


def test_it_stays_while_it_is_asked_and_is_not_even_looked_at_for_work() -> None:
    asked = threading.Event()

    def quiet_seconds() -> float:
        asked.set()
        return 0.0

    def unexpected() -> NoReturn:
        raise AssertionError("nobody may be asked")

    sleep = Sleep(0.01, quiet_seconds=quiet_seconds, working=unexpected, end=unexpected)
    sleep.start()
    assert asked.wait(10)
    sleep.stop()


def test_without_a_time_it_never_ends() -> None:
    before = threading.active_count()
    sleep = Sleep(None, quiet_seconds=lambda: 1e9, working=lambda: False, end=lambda: None)
    sleep.start()
    assert threading.active_count() == before
