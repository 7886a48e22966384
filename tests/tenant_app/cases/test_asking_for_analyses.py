"""An analysis is counted once, made beside the requests, kept, and given back when it fails."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tenant_app.cases.analyses.content import Content
from tenant_app.cases.analyses.making import Making
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.tenant_app.cases.firm import Caller
from tests.tenant_app.environment import environment


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Return the settings of a tenant that may have three analyses a month."""
    return Settings.model_validate(environment(data_dir, max_analysis_monthly="3"))


def used(services: Services) -> tuple[int, int]:
    usage = services.billing.report.usage()
    return usage.analyses_used, usage.requests_used


def test_an_analysis_costs_one_analysis_and_no_request(anna: Caller, services: Services) -> None:
    case_id = anna.open_case()
    asked = anna.make(f"/api/cases/{case_id}/analyses", {})

    assert used(services) == (1, 0)
    path = f"/api/cases/{case_id}/analyses"
    assert anna.get(f"{path}/{asked['id']}") == asked
    assert anna.get(path)["analyses"] == [asked]
    assert anna.status("DELETE", f"{path}/{asked['id']}") == 204
    assert anna.status("GET", f"{path}/{asked['id']}") == 404
    assert used(services) == (1, 0)


def test_of_many_parallel_calls_as_many_pass_as_the_month_allows(anna: Caller, services: Services) -> None:
    path = f"/api/cases/{anna.open_case()}/analyses?wait=false"

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: anna.status("POST", path), range(12)))

    assert statuses.count(429) == 9
    assert used(services)[0] == 3
    refused = anna.call("POST", path)
    assert refused.get_json()["code"] == "quota-exceeded"
    assert int(refused.headers["Retry-After"]) > 0


def test_an_analysis_that_fails_is_not_counted(
    anna: Caller, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Content:
        raise OSError("disk full")

    monkeypatch.setattr(Making, "make", fail)
    case_id = anna.open_case()

    refused = anna.call("POST", f"/api/cases/{case_id}/analyses")

    assert (refused.status_code, refused.get_json()["code"]) == (500, "analysis-failed")
    assert used(services) == (0, 0)
    assert [one["status"] for one in anna.get(f"/api/cases/{case_id}/analyses")["analyses"]] == ["failed"]


def test_nobody_waits_for_a_long_analysis_without_wishing_to(
    anna: Caller, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    real = Making.make

    def slow(making: Making, *arguments: object) -> Content:
        goes_on.wait(30)
        return real(making, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Making, "make", slow)
    path = f"/api/cases/{anna.open_case()}/analyses"
    asked = anna.call("POST", f"{path}?wait=false")
    assert (asked.status_code, asked.get_json()["status"]) == (202, "running")
    assert asked.get_json()["confidence"] is None

    goes_on.set()
    services.cases.analyses.wait_for(asked.get_json()["id"], 30)
    assert anna.get(f"{path}/{asked.get_json()['id']}")["status"] == "done"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_a_dead_process_left_unfinished_is_failed_and_given_back(
    anna: Caller, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end_here(*_: object) -> Content:
        raise SystemExit

    # A thread that ends without a word leaves behind what a killed process does.
    monkeypatch.setattr(Making, "make", end_here)
    path = f"/api/cases/{anna.open_case()}/analyses"
    assert anna.call("POST", path).get_json()["status"] == "running"
    assert used(services) == (1, 0)

    services.billing.ledger.give_back_open()
    services.cases.analyses.start()

    assert used(services) == (0, 0)
    assert [one["status"] for one in anna.get(path)["analyses"]] == ["failed"]


def test_an_analysis_is_its_cases_and_nobody_elses(
    anna: Caller, boris: Caller, reader: Caller, services: Services
) -> None:
    case_id = anna.open_case()
    analysis_id = anna.make(f"/api/cases/{case_id}/analyses", {})["id"]
    place = f"/api/cases/{case_id}/analyses/{analysis_id}"
    own = boris.open_case("Le sien")

    for method in ("GET", "DELETE"):
        assert boris.status(method, place) == 404
        assert boris.status(method, f"/api/cases/{own}/analyses/{analysis_id}") == 404
    assert boris.status("POST", f"/api/cases/{case_id}/analyses") == 404
    anna.call("PUT", f"/api/cases/{case_id}/members/{reader.get('/api/me')['id']}")
    assert reader.get(place)["id"] == analysis_id
    assert reader.status("POST", f"/api/cases/{case_id}/analyses") == 403
    assert used(services) == (1, 0)


def test_a_closed_case_is_not_analysed(anna: Caller, services: Services) -> None:
    case_id = anna.open_case()
    anna.call("PATCH", f"/api/cases/{case_id}", {"status": "closed"})

    assert anna.code("POST", f"/api/cases/{case_id}/analyses") == "case-closed"
    assert used(services) == (0, 0)
