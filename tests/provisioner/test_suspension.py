"""A suspended client: nginx answers for it, nothing of it runs, and nothing but `resume` brings it back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from provisioner import marked_processes
from tenant_app.assistant.provider_simulator import ProviderSimulator
from tests.provisioner.local_root import LocalRoot, wait_until

ID = "garance"
REASON = "facture 2026-014 impayée"


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderSimulator]:
    """A provider that never answers."""
    with ProviderSimulator(0, "stall") as simulator:
        thread = threading.Thread(target=simulator.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield simulator
        simulator.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def garance(
    host: LocalRoot, provider: ProviderSimulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """What was told of a client that waits for its provider longer than any stop waits for it."""
    folder = tmp_path_factory.mktemp("garance")
    (folder / "key").write_text("a-provider-key")
    (folder / "conges.md").write_text("# Congés\n\nChaque salarié a droit à 25 jours de congés par an.\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENANTRY_LLM_BASE_URL", provider.base_url)
        patch.setenv("TENANTRY_LLM_API_KEY_FILE", str(folder / "key"))
        patch.setenv("TENANTRY_LLM_TIMEOUT_SECONDS", "90")
        created = host.new(ID)
        assert created.code == 0, created.said
        assert host.provision("ingest", ID, str(folder / "conges.md")).code == 0
        yield created.document
        assert host.provision("purge", ID, "--yes").code == 0


def client(host: LocalRoot, **headers: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"http://127.0.0.1:{host.http_port}",
        headers={"Host": f"{ID}.localhost", **headers},
        timeout=60,
    )


def processes(host: LocalRoot) -> list[int]:
    return list(marked_processes.find(str(host.path), host.path / "run" / "nginx", f"tenant-{ID}"))


def is_answered_for(host: LocalRoot) -> bool:
    with client(host) as visitor:
        return "suspendu" in visitor.get("/login").text


@contextmanager
def suspended(host: LocalRoot) -> Iterator[None]:
    done = host.provision("suspend", ID, "--reason", REASON)
    assert done.code == 0, done.said
    assert done.document == {"id": ID, "state": "suspended"}
    try:
        # nginx was told before the command returned; its workers follow in their own time.
        wait_until(lambda: is_answered_for(host))
        yield
    finally:
        resumed = host.provision("resume", ID)
        assert resumed.code == 0, resumed.said
        assert resumed.document == {"id": ID, "state": "running"}
        wait_until(lambda: host.get(ID) == 200)


def test_tokens_keys_sessions_and_pages_are_answered_by_nginx_until_it_is_back(
    host: LocalRoot, garance: dict[str, Any]
) -> None:
    with client(host) as visitor:
        admin = garance["admin"]
        credentials = {"email": admin["email"], "password": admin["password"]}
        tokens = visitor.post("/api/auth/login", json=credentials).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        key = {"X-API-Key": garance["api_key"]}
        assert visitor.get("/api/me", headers=bearer).status_code == 200
        with suspended(host):
            asked = [
                visitor.get("/api/me", headers=bearer),
                visitor.get("/api/billing/usage", headers=key),
                visitor.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]}),
                visitor.post("/api/auth/login", json=credentials),
            ]
            for answer in asked:
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "3600")
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["code"] == "suspended"
            v1 = visitor.get("/v1/models", headers=key)
            assert (v1.status_code, v1.json()["error"]["code"]) == (503, "suspended")
            assert processes(host) == []
            row = host.rows()[ID]
            assert (row["state"], row["health"]) == ("suspended", "unknown")
        assert visitor.get("/api/me", headers=bearer).status_code == 200
        assert visitor.get("/api/billing/usage", headers=key).status_code == 200


def test_an_answer_that_is_being_given_is_cut_off(
    host: LocalRoot, garance: dict[str, Any], provider: ProviderSimulator
) -> None:
    asked, received = len(provider.requests), list[str]()

    def listen() -> None:
        question = {"question": "Combien de jours de congés par an ?", "stream": True}
        try:
            with (
                client(host, **{"X-API-Key": garance["api_key"]}) as visitor,
                visitor.stream("POST", "/api/chat", json=question) as answer,
            ):
                received.extend(answer.iter_text())
        except httpx.TransportError as error:
            received.append(type(error).__name__)

    reader = threading.Thread(target=listen)
    reader.start()
    wait_until(lambda: len(provider.requests) > asked)
    with suspended(host):
        reader.join(60)
        assert not reader.is_alive()
        assert "event: done" not in "".join(received)
    log = (host.path / f"client-{ID}" / "logs" / "tenant.log").read_text()
    assert "Quick shutdown requested" in log or "Handling signal: quit" in log


def test_no_other_command_brings_it_back(host: LocalRoot, garance: dict[str, Any], tmp_path: Path) -> None:
    with suspended(host):
        for word in ("start", "restart", "stop"):
            refused = host.provision(word, ID)
            assert refused.code == 2
            assert f"{ID} is suspended" in refused.document["error"]["message"]
            assert f"`provision resume {ID}`" in refused.document["error"]["mend"]
        (tmp_path / "a.md").write_text("# A\n\nText.\n")
        ingest = host.provision("ingest", ID, str(tmp_path / "a.md"))
        assert ingest.code == 2
        assert f"`provision resume {ID}`" in ingest.document["error"]["mend"]
        assert host.provision("diff", ID).code == 0
        assert host.provision("set", ID, "phone=0102030405").code == 0
        assert host.provision("apply").code == 0
        assert host.provision("suspend", ID).code == 0
        assert host.provision("user", "list", ID).document[0]["email"] == garance["admin"]["email"]
        assert host.provision("usage", ID).document[0]["client_id"] == ID
        found = host.provision("doctor").document or []
        assert [one for one in found if one["subject"] == ID] == []
        assert processes(host) == []
        assert host.get(ID, "/login") == 503
    assert host.provision("diff", ID).code == 0


def test_the_reason_is_kept_with_the_event_and_must_be_one_line(
    host: LocalRoot, garance: dict[str, Any]
) -> None:
    with suspended(host):
        last = host.provision("events", ID).document[-1]
        assert (last["command"], last["outcome"], last["detail"]) == (f"suspend {ID}", "done", REASON)
    assert host.provision("events", ID).document[-1]["command"] == f"resume {ID}"
    for wrong in ("", "two\nlines", "x" * 201):
        assert host.provision("suspend", ID, "--reason", wrong).code == 2
    assert host.rows()[ID]["state"] == "running"


def test_a_stopped_client_can_be_suspended_and_is_resumed_running(
    host: LocalRoot, garance: dict[str, Any]
) -> None:
    assert host.provision("stop", ID).code == 0
    refused = host.provision("resume", ID)
    assert refused.code == 2
    assert f"`provision start {ID}`" in refused.document["error"]["mend"]
    with suspended(host):
        assert host.rows()[ID]["state"] == "suspended"
    assert host.rows()[ID]["state"] == "running"


def test_a_site_edited_by_hand_refuses_the_suspension(host: LocalRoot, garance: dict[str, Any]) -> None:
    site = host.path / "nginx" / "sites" / f"{ID}.conf"
    written = site.read_text()
    site.write_text(written + "# mine\n")
    refused = host.provision("suspend", ID)
    assert refused.code == 2
    assert f"`provision apply {ID} --reset`" in refused.document["error"]["mend"]
    assert host.rows()[ID]["state"] == "running"
    site.write_text(written)


def test_a_suspension_that_fails_leaves_it_running(host: LocalRoot, garance: dict[str, Any]) -> None:
    alien = host.path / "nginx" / "sites" / "alien.conf"
    alien.write_text("server { nonsense; }\n")
    failed = host.provision("suspend", ID)
    alien.unlink()
    assert failed.code == 1
    assert str(alien) in failed.document["error"]["message"]
    assert host.rows()[ID]["state"] == "running"
    assert host.get(ID) == 200
    assert host.provision("diff", ID).code == 0
