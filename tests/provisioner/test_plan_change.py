"""A client on another plan: what fits is carried over, what does not is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from dotenv import dotenv_values

from provisioner.resources import plans_file
from tests.provisioner.local_root import LocalRoot

ID = "ocre"


@pytest.fixture(scope="module")
def ocre(host: LocalRoot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What was told of a client on the professional plan, with a document."""
    words = ("--admin-email", "a@example.fr", "--set", "max_cases=500", "--set", "max_users=7")
    created = host.provision("new", ID, "--plan", "professional", *words)
    assert created.code == 0, created.said
    document = tmp_path_factory.mktemp("ocre") / "conges.md"
    document.write_text("# Congés\n\nChaque salarié a droit à 25 jours de congés par an.\n")
    assert host.provision("ingest", ID, str(document)).code == 0
    yield created.document
    assert host.provision("purge", ID, "--yes").code == 0


def ask(host: LocalRoot, method: str, path: str, told: dict[str, Any], **body: Any) -> httpx.Response:
    headers = {"Host": f"{ID}.localhost", "X-API-Key": told["api_key"]}
    url = f"http://127.0.0.1:{host.http_port}{path}"
    return httpx.request(method, url, headers=headers, timeout=60, **body)


def env(host: LocalRoot) -> dict[str, str | None]:
    return dotenv_values(host.path / f"client-{ID}" / ".env", interpolate=False)


def usage(host: LocalRoot, told: dict[str, Any]) -> dict[str, Any]:
    answer = ask(host, "GET", "/api/billing/usage", told)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_another_plan_is_in_force_at_once_and_the_month_goes_on(
    host: LocalRoot, ocre: dict[str, Any]
) -> None:
    asked = ask(host, "POST", "/api/chat", ocre, json={"question": "Combien de jours de congés ?"})
    assert asked.status_code == 200, asked.text
    assert usage(host, ocre)["usage"]["requests_used"] == 1
    changed = host.provision("plan", ID, "starter")
    assert changed.code == 0, changed.said
    told = changed.document
    assert (told["plan"], told["previous_plan"]) == ("starter", "professional")
    assert (told["kept"], told["dropped"]) == ({"max_users": "7"}, {"max_cases": "500"})
    after = usage(host, ocre)
    assert after["plan"] == "starter"
    assert after["usage"]["requests_used"] == 1
    assert (after["usage"]["requests_limit"], after["usage"]["users_limit"]) == (1000, 7)
    assert (env(host)["MAX_CASES"], env(host)["AI_MODEL"]) == ("500", "ceseda-basic-v1")
    assert host.rows()[ID]["plan"] == "starter"
    assert host.provision("show", ID).document["price"] == "99.00"
    last = host.provision("events", ID).document[-1]
    assert (last["command"], last["outcome"]) == (f"plan {ID} starter", "done")
    assert last["detail"] == "professional → starter"
    assert host.provision("diff", ID).code == 0


def test_an_alias_is_the_plan_it_stands_for(host: LocalRoot, ocre: dict[str, Any]) -> None:
    changed = host.provision("plan", ID, "business")
    assert changed.code == 0, changed.said
    assert changed.document["plan"] == "professional"
    assert usage(host, ocre)["usage"]["requests_used"] == 1


def test_a_plan_in_which_it_does_not_fit_is_refused_saying_by_what(
    host: LocalRoot, ocre: dict[str, Any]
) -> None:
    assert host.provision("plan", ID, "enterprise").code == 0
    assert host.provision("set", ID, "max_users=", "max_storage_mb=2").code == 0
    for number in range(3):
        added = host.provision("user", "add", ID, f"m{number}@example.fr", "--role", "member")
        assert added.code == 0, added.said
    second = host.provision("key", "new", ID, "site").document
    before = (host.path / f"client-{ID}" / ".env").read_bytes()
    refused = host.provision("plan", ID, "starter")
    assert refused.code == 2
    message = refused.document["error"]["message"]
    assert "4 active users instead of 3 (max_users)" in message
    assert "2 API keys instead of 1 (max_api_keys)" in message
    assert "max_cases" not in message
    assert "max_storage_mb" not in message
    assert (host.path / f"client-{ID}" / ".env").read_bytes() == before
    assert host.rows()[ID]["plan"] == "enterprise"
    assert host.provision("plan", ID, "starter", "--dry-run").code == 2
    assert host.provision("set", ID, "max_users=5").code == 0
    assert host.provision("key", "revoke", ID, str(second["id"])).code == 0
    fits = host.provision("plan", ID, "starter")
    assert fits.code == 0, fits.said
    assert fits.document["kept"] == {"max_users": "5", "max_storage_mb": "2"}


def test_cases_and_documents_count_too_and_a_stopped_client_is_asked_as_well(
    host: LocalRoot, ocre: dict[str, Any], tmp_path: Path
) -> None:
    narrow = plans_file().read_text("utf-8")
    for figure, smaller in (("max_cases: 50", "max_cases: 1"), ("max_storage_mb: 200", "max_storage_mb: 1")):
        narrow = narrow.replace(f"{figure}\n", f"{smaller}\n")
    assert host.provision("set", ID, "max_storage_mb=", "max_cases=").code == 0
    for title in ("Un", "Deux"):
        assert ask(host, "POST", "/api/cases", ocre, json={"title": title}).status_code == 201
    heavy = f"<!doctype html><title>Note</title><!-- {'x' * 1_600_000} --><p>La prime est versée en juin.</p>"
    (tmp_path / "heavy.html").write_text(heavy)
    ingested = host.provision("ingest", ID, str(tmp_path / "heavy.html"))
    assert ingested.code == 0, ingested.said
    assert host.provision("stop", ID).code == 0
    try:
        (host.path / "plans.yaml").write_text(narrow)
        refused = host.provision("plan", ID, "demo")
    finally:
        (host.path / "plans.yaml").unlink()
    assert refused.code == 2
    message = refused.document["error"]["message"]
    assert "2 cases instead of 1 (max_cases)" in message
    assert "1.6 MB of documents instead of 1 (max_storage_mb)" in message
    stopped = host.provision("plan", ID, "professional")
    assert stopped.code == 0, stopped.said
    assert host.rows()[ID]["state"] == "stopped"
    assert host.provision("start", ID).code == 0
    assert usage(host, ocre)["plan"] == "professional"


def test_a_rehearsal_tells_the_steps_and_does_none(host: LocalRoot, ocre: dict[str, Any]) -> None:
    steps = [one["step"] for one in host.provision("plan", ID, "enterprise", "--dry-run").document["steps"]]
    assert any(step.startswith(f"write {host.path}/client-{ID}/.env") for step in steps)
    assert host.rows()[ID]["plan"] == "professional"
    code, _, said = host.tell("-v", "plan", ID, "enterprise")
    assert code == 0, said
    assert [line.partition("] ")[2] for line in said.splitlines() if line.startswith("[")] == steps


@pytest.mark.parametrize("plan", ["gold", "", "../starter"])
def test_an_unknown_plan_is_refused(host: LocalRoot, ocre: dict[str, Any], plan: str) -> None:
    refused = host.provision("plan", ID, plan)
    assert refused.code == 2
    assert "professional" in refused.document["error"]["mend"]


def test_a_hand_edit_refuses_the_change(host: LocalRoot, ocre: dict[str, Any]) -> None:
    file = host.path / f"client-{ID}" / ".env"
    written = file.read_text()
    file.write_text(written + "# mine\n")
    assert host.provision("plan", ID, "starter").code == 2
    file.write_text(written)
    assert host.provision("plan", "nobody", "starter").code == 2


def test_people_read_what_stays(host: LocalRoot, ocre: dict[str, Any]) -> None:
    assert host.provision("set", ID, "max_upload_mb=30", "max_users=8").code == 0
    code, shown, said = host.tell("plan", ID, "starter")
    assert code == 0, said
    assert f"{ID} is on starter (before: enterprise)." in shown
    assert "max_users 8" in shown
    assert "max_upload_mb 30" in shown
