"""A client's own host names: nginx serves it under them, and its pages may act from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.provisioner.local_root import LocalRoot, ask, wait_until

ID = "bistre"
OWN = "assistant.bistre.example"


@pytest.fixture(scope="module")
def bistre(host: LocalRoot) -> Iterator[dict[str, Any]]:
    created = host.new(ID)
    assert created.code == 0, created.said
    yield created.document
    assert host.provision("purge", ID, "--yes").code == 0


def sign_in(host: LocalRoot, told: dict[str, Any], origin: str) -> int:
    """Sign in on the page under the client's own name, as a browser that was given the form there."""
    with httpx.Client(base_url=f"http://127.0.0.1:{host.http_port}", headers={"Host": OWN}) as browser:
        page = browser.get("/login")
        token = page.text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
        form = {"email": told["admin"]["email"], "password": told["admin"]["password"], "csrf_token": token}
        return browser.post("/login", data=form, headers={"Origin": origin}).status_code


def test_it_answers_and_acts_under_the_name_until_that_is_taken_away(
    host: LocalRoot, bistre: dict[str, Any]
) -> None:
    assert ask(host.http_port, OWN, "/readyz") == 0
    added = host.provision("domain", "add", ID, OWN)
    assert added.code == 0, added.said
    wait_until(lambda: ask(host.http_port, OWN, "/login") == 200)
    assert host.get(ID, "/login") == 200
    assert host.provision("show", ID).document["domains"] == [OWN]
    assert sign_in(host, bistre, f"http://{OWN}:{host.http_port}") in (302, 303)
    assert sign_in(host, bistre, f"http://evil.example:{host.http_port}") == 403
    assert host.provision("domain", "add", ID, OWN).code == 0
    assert host.provision("diff", ID).code == 0
    assert host.provision("domain", "remove", ID, OWN).code == 0
    wait_until(lambda: ask(host.http_port, OWN, "/login") == 0)
    assert host.get(ID, "/login") == 200
    assert host.provision("show", ID).document["domains"] == []
    commands = [event["command"] for event in host.provision("events", ID).document]
    assert f"domain add {ID} {OWN}" in commands


@pytest.mark.parametrize(
    "name",
    [
        "ia.localhost",
        "localhost",
        "intranet",
        "UPPER.example",
        "10.0.0.1",
        "a..b",
        "ia.invalid",
        "a b.fr",
        "",
    ],
)
def test_a_name_that_cannot_be_its_own_is_refused(host: LocalRoot, bistre: dict[str, Any], name: str) -> None:
    assert host.provision("domain", "add", ID, name).code == 2
    assert host.provision("show", ID).document["domains"] == []


def test_a_name_belongs_to_one_client(host: LocalRoot, bistre: dict[str, Any]) -> None:
    assert host.new("sepia", "--domain", "ia.sepia.example").code == 0
    refused = host.provision("domain", "add", ID, "ia.sepia.example")
    assert refused.code == 2
    assert "belongs to sepia" in refused.document["error"]["message"]
    assert host.provision("domain", "remove", ID, "ia.sepia.example").code == 2
    assert ask(host.http_port, "ia.sepia.example", "/login") == 200
    assert host.provision("purge", "sepia", "--yes").code == 0
    assert host.provision("domain", "add", ID, "ia.sepia.example").code == 0
    assert host.provision("domain", "remove", ID, "ia.sepia.example").code == 0


def test_a_suspended_client_is_answered_for_under_its_own_names(
    host: LocalRoot, bistre: dict[str, Any]
) -> None:
    assert host.provision("suspend", ID).code == 0
    assert host.provision("domain", "add", ID, OWN).code == 0
    wait_until(lambda: ask(host.http_port, OWN, "/login") == 503)
    assert host.provision("resume", ID).code == 0
    wait_until(lambda: ask(host.http_port, OWN, "/login") == 200)
    assert host.provision("domain", "remove", ID, OWN).code == 0


def test_a_removal_that_was_killed_is_finished_by_running_it_again(
    host: LocalRoot, bistre: dict[str, Any]
) -> None:
    assert host.provision("domain", "add", ID, OWN).code == 0
    host.killed_at_step(2, "domain", "remove", ID, OWN)
    again = host.provision("domain", "remove", ID, OWN)
    assert again.code == 0, again.said
    wait_until(lambda: ask(host.http_port, OWN, "/login") == 0)
    assert host.get(ID) == 200
    assert host.provision("diff", ID).code == 0
    assert host.provision("domain", "remove", ID, OWN).code == 2
