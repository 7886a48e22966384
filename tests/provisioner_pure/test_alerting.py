"""What is an alert, and when it is told: once, once a day, and when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.alerting.book import REMINDED_EVERY, Alert, Turn, decide
from provisioner.alerting.conditions import Concern, Condition, Share, quota_conditions
from provisioner.alerting.traffic import LEAST_BURST, Counted, Hour, abuse, added
from tests.provisioner_pure.invoice_samples import usage

NOW = datetime(2026, 1, 31, 9, 5, 7, tzinfo=UTC)


def condition(key: str = "disk", **more: object) -> Condition:
    known = {"concern": Concern.DISK, "client_id": "", "problem": "It is full.", "mend": "Make room."}
    return Condition(key, **{**known, **more})  # type: ignore[arg-type]


def turns(*told: object) -> list[tuple[Turn, str]]:
    return [(one.turn, one.alert.condition.key) for one in told]  # type: ignore[attr-defined]


def test_what_is_new_is_told_at_once_and_what_lasts_once_a_day() -> None:
    one = condition()
    assert turns(*decide([], [one], NOW)) == [(Turn.OPENED, "disk")]
    assert decide([Alert(one, NOW, NOW)], [one], NOW + REMINDED_EVERY - timedelta(seconds=1)) == []
    later = decide([Alert(one, NOW, NOW)], [one], NOW + REMINDED_EVERY)
    assert turns(*later) == [(Turn.CONTINUES, "disk")]
    assert later[0].alert.since == NOW


def test_what_is_over_is_told_once() -> None:
    assert turns(*decide([Alert(condition(), NOW, NOW)], [], NOW)) == [(Turn.OVER, "disk")]
    assert decide([], [], NOW) == []


def test_what_may_pass_by_itself_is_told_when_it_is_still_there() -> None:
    doubtful = condition("down:dupont", concern=Concern.DOWN, doubtful=True)
    assert decide([], [doubtful], NOW) == []
    assert turns(*decide([Alert(doubtful, NOW, None)], [doubtful], NOW)) == [(Turn.OPENED, "down:dupont")]
    assert decide([Alert(doubtful, NOW, None)], [], NOW) == []


def test_a_limit_is_told_at_80_and_at_100_percent_and_its_month_ends_silently() -> None:
    at80, at100 = (condition("quota", concern=Concern.QUOTA, level=level) for level in (80, 100))
    assert turns(*decide([], [at80], NOW)) == [(Turn.OPENED, "quota")]
    assert decide([Alert(at80, NOW, NOW)], [at80], NOW + timedelta(days=9)) == []
    assert turns(*decide([Alert(at80, NOW, NOW)], [at100], NOW)) == [(Turn.OPENED, "quota")]
    assert decide([Alert(at100, NOW, NOW)], [at80], NOW) == []
    assert decide([Alert(at100, NOW, NOW)], [], NOW) == []


@given(st.lists(st.sets(st.sampled_from("abc")), max_size=12))
def test_each_alert_is_opened_and_closed_in_turn(checks: list[set[str]]) -> None:
    known: dict[str, Alert] = {}
    told: dict[str, list[Turn]] = {}
    for number, keys in enumerate(checks):
        now = NOW + timedelta(minutes=5 * number)
        present = [condition(key) for key in sorted(keys)]
        for one in decide(known.values(), present, now):
            told.setdefault(one.alert.condition.key, []).append(one.turn)
        known = {one.key: known.get(one.key, Alert(one, now, now)) for one in present}
    for key, history in told.items():
        expected = [Turn.OPENED, Turn.OVER] * len(history)
        assert history == expected[: len(history)]
        assert (history[-1] == Turn.OPENED) == (key in known)


@pytest.mark.parametrize(
    ("used", "limit", "stage"),
    [
        (79, 100, None),
        (80, 100, 80),
        (99, 100, 80),
        (100, 100, 100),
        (500, 100, 100),
        (5, None, None),
        (5, 0, None),
    ],
)
def test_shares(used: int, limit: int | None, stage: int | None) -> None:
    assert Share("x", Decimal(used), None if limit is None else Decimal(limit)).stage() == stage


def test_the_figures_of_a_month_become_conditions() -> None:
    record = usage(
        "2026-01", requests_used=9_000, requests_limit=10_000, analyses_used=500, llm_cost=Decimal("41.00")
    ).record
    found = {one.key: one.level for one in quota_conditions("dupont", record, 10**10, Decimal(50))}
    assert found == {
        "quota:dupont:2026-01:questions": 80,
        "quota:dupont:2026-01:analyses": 100,
        "budget:dupont:2026-01": 80,
    }


@pytest.mark.parametrize(
    ("before", "now", "new"),
    [
        (None, Counted("2026-01", 900), 0),
        (Counted("2026-01", 900), Counted("2026-01", 950), 50),
        (Counted("2026-01", 900), Counted("2026-02", 7), 7),
        (Counted("2026-01", 900), Counted("2026-01", 100), 0),
    ],
)
def test_what_was_asked_since_is_never_negative(before: Counted | None, now: Counted, new: int) -> None:
    assert added(before, now) == new


@pytest.mark.parametrize(
    ("hour", "is_abuse"),
    [
        (Hour(500, None), False),
        (Hour(501, None), True),
        (Hour(LEAST_BURST - 1, 1), False),
        (Hour(LEAST_BURST, 19), True),
        (Hour(LEAST_BURST, 20), False),
        (Hour(LEAST_BURST, None), False),
    ],
)
def test_abuse_is_the_contracts_figure_or_a_burst_far_from_the_habit(hour: Hour, is_abuse: bool) -> None:
    assert (abuse(hour, 500) is not None) == is_abuse
