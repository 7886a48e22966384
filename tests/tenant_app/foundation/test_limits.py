"""Slots for streams and the rate of anonymous calls."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from flask_babel import lazy_gettext

from tenant_app.accounts.service import CALLS_PER_MINUTE
from tenant_app.errors import RateLimited, Unavailable
from tenant_app.rates import SlidingRate
from tenant_app.streams import StreamSlots
from tests.tenant_app.clock import FixedClock

REFUSAL = lazy_gettext("Trop d'appels en une minute ; réessayez dans un instant.")


def test_two_threads_are_always_left_for_everything_else() -> None:
    slots = StreamSlots(threads=4)
    with slots.slot(), slots.slot():
        assert slots.active == 2
        with pytest.raises(Unavailable) as refused:
            slots.acquire()
        assert refused.value.retry_after == 5
    assert slots.active == 0


def test_a_stream_that_fails_gives_its_slot_back() -> None:
    slots = StreamSlots(threads=3)
    with pytest.raises(RuntimeError), slots.slot():
        raise RuntimeError
    with slots.slot():
        assert slots.active == 1


def test_an_address_may_call_so_many_times_a_minute_and_is_told_when_to_come_back() -> None:
    clock = FixedClock()
    rate = SlidingRate(clock, per_minute=2, refusal=REFUSAL)
    rate.count("192.0.2.1")
    clock.advance(seconds=20)
    rate.count("192.0.2.1")
    with pytest.raises(RateLimited) as refused:
        rate.count("192.0.2.1")
    assert refused.value.retry_after == 40
    rate.count("192.0.2.2")
    clock.advance(seconds=40)
    rate.count("192.0.2.1")


def test_a_clock_set_back_does_not_lock_an_address_out_for_an_hour() -> None:
    clock = FixedClock()
    rate = SlidingRate(clock, per_minute=1, refusal=REFUSAL)
    rate.count("192.0.2.1")
    clock.set(clock.now() - timedelta(hours=1))
    rate.count("192.0.2.1")
    with pytest.raises(RateLimited) as refused:
        rate.count("192.0.2.1")
    assert refused.value.retry_after == 60
    clock.advance(seconds=60)
    rate.count("192.0.2.1")


def test_only_an_upload_may_be_large(client: FlaskClient) -> None:
    form = "multipart/form-data; boundary=b"
    answer = client.post("/login", data=b"x" * 1_000_001, content_type=form)
    assert answer.status_code == 413


def test_free_calls_of_a_tenant_are_limited_too_and_come_back(
    client: FlaskClient, admin: dict[str, str], clock: FixedClock
) -> None:
    answers = {client.get("/api/me", headers=admin).status_code for _ in range(CALLS_PER_MINUTE)}
    assert answers == {200}
    refused = client.get("/api/me", headers=admin)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    clock.advance(seconds=60)
    assert client.get("/api/me", headers=admin).status_code == 200
