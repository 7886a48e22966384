"""What was seen of clients, day by day, and what may be said of it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from provisioner.dashboard.formats import bars
from provisioner.dashboard.observations import Observations, Seen
from provisioner.dashboard.observing import look
from provisioner.dashboard.store import Store
from provisioner.host import HostSettings
from provisioner.registry.models import State
from provisioner.service.context import Context
from provisioner.service.health import Health
from provisioner.usage_files import UsageRecord
from tests.dashboard.clock import FixedClock
from tests.dashboard.conftest import AddClient, usage_of


@pytest.fixture
def observations(host: HostSettings) -> Observations:
    return Observations(Store(host.root))


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def used(requests: int, analyses: int = 0) -> UsageRecord:
    return UsageRecord.model_validate(usage_of("dupont", requests_used=requests, analyses_used=analyses))


def seen(requests: int, health: Health | None = Health.OK) -> list[Seen]:
    return [Seen("dupont", health, used(requests))]


def test_a_day_s_use_is_how_much_the_counter_grew(observations: Observations) -> None:
    for day, requests in ((29, 40), (30, 47), (31, 60)):
        observations.record(at(10, day), seen(requests))
    observations.record(at(10, 31, 23), seen(66))
    observations.record(at(11, 1), seen(5))
    observations.record(at(11, 2), seen(4))  # a failed answer gave its unit back

    days = observations.days("dupont", date(2026, 11, 3), 6)

    assert [one.requests for one in days] == [None, 7, 19, 5, 0, None]
    assert [one.day.day for one in days] == [29, 30, 31, 1, 2, 3]
    assert (days[1].documents, days[5].documents) == (86, None)


def test_nothing_is_made_up_for_days_on_which_nobody_looked(observations: Observations) -> None:
    observations.record(at(11, 10), seen(10))
    observations.record(at(11, 13), seen(90))
    observations.record(at(11, 14), seen(91))

    days = observations.days("dupont", date(2026, 11, 14), 5)

    assert [one.requests for one in days] == [None, None, None, None, 1]


def test_availability_counts_only_answers_that_were_asked_for(observations: Observations) -> None:
    for health in (Health.OK, Health.OK, Health.DEGRADED, Health.DOWN, None):
        observations.record(at(11, 3), seen(1, health))
    observations.record(at(10, 31), seen(1))

    november, october = observations.availability("dupont")

    assert (november.month, november.asked, november.ready, november.share) == ("2026-11", 4, 2, 0.5)
    assert (october.month, october.share) == ("2026-10", 1.0)
    assert observations.of_month("2026-11") == {"dupont": november}
    assert observations.availability("martin") == []


def test_what_is_long_ago_or_of_a_client_that_is_gone_is_forgotten(observations: Observations) -> None:
    observations.record(at(1, 5), seen(1))
    observations.record(at(1, 5) + timedelta(days=400), seen(1))
    assert len(observations.availability("dupont")) == 2
    observations.record(at(1, 5) + timedelta(days=401), seen(1))
    assert len(observations.availability("dupont")) == 1

    observations.record(at(1, 5) + timedelta(days=402), [Seen("martin", Health.OK, None)])

    assert observations.availability("dupont") == []


def test_who_is_not_to_run_is_not_asked(context: Context, add_client: AddClient) -> None:
    add_client("dupont", "Dupont", usage={})
    add_client("martin", "Martin", state=State.SUSPENDED)
    add_client("petit", "Petit", state=State.STOPPED)

    assert {one.client: (one.health, one.usage is None) for one in look(context)} == {
        "dupont": (Health.DOWN, False),
        "martin": (None, True),
        "petit": (None, True),
    }


def test_bars_are_as_high_as_their_share_and_leave_gaps() -> None:
    assert bars([10, None, 5, 0], 40, 16) == (
        "M0.00 16v-16.00h7.20v16.00zM20.00 16v-8.00h7.20v8.00zM30.00 16v-1.00h7.20v1.00z"
    )
    assert bars([None, None], 40, 16) == ""


def test_a_clock_s_day_is_utc_s(observations: Observations, clock: FixedClock) -> None:
    observations.record(datetime(2026, 11, 1, 0, 30, tzinfo=UTC), seen(3))

    assert observations.days("dupont", date(2026, 11, 1), 1)[0].requests == 3
