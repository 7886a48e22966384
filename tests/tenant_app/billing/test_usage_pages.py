"""The month on the pages: its course, what it warns of, and the months before it."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tenant_app.accounts.actor import OPERATOR
from tenant_app.services import Services
from tenant_app.settings import Settings
from tenant_app.web.usage_chart import HEIGHT, WIDTH, draw
from tests.tenant_app.accounts.browser import Browser, browser
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.conftest import PASSWORD
from tests.tenant_app.environment import environment


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Return a plan with few analyses."""
    return Settings.model_validate(environment(data_dir, max_analysis_monthly="5"))


def visitor(app: Flask, services: Services, role: str) -> Browser:
    user = services.accounts.users.create(f"{role}@dupont.test", role, SecretStr(PASSWORD)).user
    return browser(app, services, user.id)


def test_an_administrator_is_warned_on_every_page_and_a_member_is_not(app: Flask, services: Services) -> None:
    ledger = services.billing.ledger
    for _ in range(4):
        ledger.settle(ledger.reserve(OPERATOR, "analysis"), mode="local")
    pages = {role: visitor(app, services, role).client for role in ("admin", "member")}
    warning = "Analyses\u00a0: 80\u202f% de la limite"
    assert warning in pages["admin"].get("/settings").text
    assert "limit-alerts" not in pages["member"].get("/settings").text
    shown = pages["admin"].get("/usage").text
    assert "limit-alerts" not in shown
    assert "À ce rythme, 9 à la fin du mois\u00a0: la limite serait atteinte le 19 janvier 2025." in shown
    ledger.settle(ledger.reserve(OPERATOR, "analysis"), mode="local")
    assert "Analyses\u00a0: limite atteinte" in pages["admin"].get("/settings").text


def test_a_month_that_is_over_is_shown_as_it_was(app: Flask, services: Services, clock: FixedClock) -> None:
    clock.set(datetime(2024, 12, 31, 23, 59, tzinfo=UTC))
    services.billing.ledger.reserve(OPERATOR)
    services.billing.export.publish()
    clock.set(datetime(2025, 1, 2, tzinfo=UTC))
    page = visitor(app, services, "admin").client

    before = page.get("/usage?month=2024-12").text
    assert "Consommation de décembre 2024" in before
    assert "Revenir au mois en cours" in before
    assert "À ce rythme" not in before
    assert "Comptes effacés et prestataire" in before
    assert "31 décembre 2024" in before
    assert "décembre 2024" in page.get("/usage").text
    assert page.get("/usage?month=2024-13").status_code == 400


def test_only_administrators_see_people_on_the_page(app: Flask, services: Services) -> None:
    assert 'id="shares"' in visitor(app, services, "admin").client.get("/usage").text
    assert 'id="shares"' not in visitor(app, services, "member").client.get("/usage").text


def test_the_chart_is_a_picture_with_words(app: Flask, services: Services) -> None:
    services.billing.ledger.reserve(OPERATOR)
    text = visitor(app, services, "admin").client.get("/usage").text
    pictures = [part.split("</svg>")[0] for part in text.split('<svg class="chart"')[1:]]
    assert len(pictures) == 2
    titles = [re.findall(r"<title id=.course-\d.>(.*?)</title>", picture) for picture in pictures]
    assert [title.split("\u00a0:")[0] for (title,) in titles] == ["Requêtes", "Analyses"]
    assert all('role="img" aria-labelledby="course-' in picture for picture in pictures)


def points(line: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in line.split())]


@given(
    units=st.lists(st.integers(0, 10**6), min_size=28, max_size=31),
    day=st.integers(1, 28),
    limit=st.none() | st.integers(0, 10**7),
    foreseen=st.none() | st.integers(0, 10**8),
)
def test_a_chart_stays_in_its_frame_and_never_falls(
    units: list[int], day: int, limit: int | None, foreseen: int | None
) -> None:
    chart = draw(units, date(2025, 1, day), limit, foreseen)
    curve = points(chart.curve)
    assert len(curve) == day + 1
    drawn = [*curve, *points(chart.foreseen or "")]
    heights = [y for _, y in drawn] + ([] if chart.limit is None else [chart.limit])
    assert all(0 <= x <= WIDTH for x, _ in drawn)
    assert all(0 <= y <= HEIGHT for y in heights)
    assert [y for _, y in curve] == sorted((y for _, y in curve), reverse=True)
    assert [tick.value for tick in chart.levels] == sorted({tick.value for tick in chart.levels})
    assert len(chart.levels) <= 6
