"""The list of many clients: filtered, sorted by margin, cut into pages, and never stale."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from provisioner.dashboard import client_list
from provisioner.dashboard.client_list import PER_PAGE
from provisioner.dashboard.guard import EXTENSION
from provisioner.dashboard.observations import Seen
from provisioner.registry.models import State
from provisioner.usage_files import UsageRecord
from tests.dashboard.clock import FixedClock
from tests.dashboard.conftest import AddClient, usage_of
from tests.dashboard.test_clients_page import names, page_of, text


def test_filters_are_kept_by_the_links_that_sort(operator: FlaskClient, add_client: AddClient) -> None:
    add_client("dupont", "Dupont", plan="professional")
    add_client("martin", "Martin", plan="starter")
    add_client("petit", "Petit", plan="starter", state=State.SUSPENDED)

    assert names(page_of(operator, "?plan=starter")) == ["Martin", "Petit"]
    assert names(page_of(operator, "?plan=starter&state=suspended")) == ["Petit"]
    assert names(page_of(operator, "?health=down")) == ["Dupont", "Martin"]
    page = page_of(operator, "?plan=starter&state=suspended")
    assert 'href="/admin/clients?plan=starter&amp;state=suspended&amp;sort=requests&amp;order=desc"' in page
    assert '<option value="starter" selected>' in page
    assert "Aucun client ne correspond à ces critères" in page_of(operator, "?plan=none")


def test_margin_is_the_amount_less_what_the_provider_cost(
    operator: FlaskClient, add_client: AddClient
) -> None:
    add_client("dupont", "Dupont", usage={"total_due": 319.5, "llm_cost": 20.25})
    add_client("martin", "Martin", usage={"total_due": 99, "llm_cost": 120})
    add_client("petit", "Petit")

    page = text(page_of(operator, "?sort=margin"))

    assert names(page_of(operator, "?sort=margin")) == ["Martin", "Dupont", "Petit"]
    assert "299,25 € coût 20,25 €" in page
    assert "-21,00 € coût 120,00 €" in page
    assert "278,25 € fournisseur : 140,25 €" in page


def test_many_clients_are_cut_into_pages(operator: FlaskClient, add_client: AddClient) -> None:
    for number in range(PER_PAGE + 1):
        add_client(f"c{number:02}", f"Client {number:02}", state=State.STOPPED)

    first, second = page_of(operator), page_of(operator, "?page=2")

    assert len(names(first)) == PER_PAGE
    assert names(second) == [f"Client {PER_PAGE}"]
    assert "data-whole" not in first
    assert f"{PER_PAGE + 1} clients trouvés" in text(first)
    assert 'rel="next" href="/admin/clients?page=2"' in first
    assert 'rel="prev" href="/admin/clients"' in second
    for odd in ("0", "-1", "99999", "²", "x"):
        assert len(names(page_of(operator, f"?page={odd}"))) in (1, PER_PAGE)


def test_a_thousand_clients_are_written_as_figures_are(
    operator: FlaskClient, add_client: AddClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_client("dupont", "Dupont")
    shown = client_list.shown
    monkeypatch.setattr(client_list, "shown", lambda *asked: replace(shown(*asked), count=1000, pages=20))

    assert "1\u202f000 clients trouvés" in page_of(operator)
    english = operator.get("/admin/clients", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert "1,000 clients found" in english


@pytest.mark.parametrize("changed", [{"requests_used": 413}, {"requests_used": 9}])
def test_a_file_that_changed_is_read_again(
    operator: FlaskClient, add_client: AddClient, changed: dict[str, int]
) -> None:
    file = add_client("dupont", "Dupont", usage={})
    assert "412 / 1 000" in text(page_of(operator))

    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(usage_of("dupont", **changed)))
    beside.replace(file)
    assert f"{changed['requests_used']} / 1 000" in text(page_of(operator))

    file.unlink()
    assert "Aucun relevé ce mois-ci" in text(page_of(operator))


def test_a_client_that_was_added_or_changed_is_there_at_once(
    operator: FlaskClient, add_client: AddClient
) -> None:
    add_client("dupont", "Dupont")
    assert names(page_of(operator)) == ["Dupont"]
    add_client("martin", "Martin", state=State.SUSPENDED)

    page = page_of(operator)

    assert names(page) == ["Dupont", "Martin"]
    assert "suspendu" in page


def test_the_last_thirty_days_are_drawn_where_they_are_known(
    operator: FlaskClient, add_client: AddClient, app: Flask, clock: FixedClock
) -> None:
    add_client("dupont", "Dupont", usage={})
    add_client("martin", "Martin", usage={})
    observations = app.extensions[EXTENSION].observations
    for days, requests in ((2, 400), (1, 405), (0, 412)):
        usage = UsageRecord.model_validate(usage_of("dupont", requests_used=requests))
        moment = clock.now() - timedelta(days=days)
        observations.record(moment, [Seen("dupont", None, usage), Seen("martin", None, None)])

    drawn = re.findall(r'<svg class="spark"[^>]*aria-label="([^"]+)"', page_of(operator))

    assert drawn == ["Requêtes des 30 derniers jours : 12"]
