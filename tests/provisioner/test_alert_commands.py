"""A client that asks too much is suspended by itself, is told of, and can come back."""

from __future__ import annotations

import httpx
import pytest

from tests.provisioner.local_root import LocalRoot
from tests.provisioner.mail_server import mail_server

ID = "bavard"
OPS = "ops@exemple.fr"


def test_beyond_its_hour_it_is_suspended_and_comes_back(
    host: LocalRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = host.provision("new", ID, "--plan", "professional")
    assert made.code == 0, made.said
    headers = {"Host": f"{ID}.localhost", "X-API-Key": made.document["api_key"]}
    address = f"http://127.0.0.1:{host.http_port}/api/chat"
    monkeypatch.setenv("TENANTRY_VENDOR_EMAIL", "contact@exemple.fr")
    monkeypatch.setenv("TENANTRY_ALERTS_EMAIL", OPS)
    monkeypatch.setenv("TENANTRY_ALERTS_REQUESTS_PER_HOUR", "2")
    monkeypatch.setenv("TENANTRY_ALERTS_BLOCK_ABUSE", "true")
    with mail_server() as box:
        monkeypatch.setenv("TENANTRY_SMTP_URL", f"smtp://127.0.0.1:{box.port}")
        assert ID not in host.provision("alerts", "check").document["blocked"]
        for number in range(3):
            answer = httpx.post(
                address, headers=headers, json={"question": f"Question {number} ?"}, timeout=60
            )
            assert answer.status_code == 200, answer.text
        host.provision("usage", ID)
        checked = host.provision("alerts", "check")
        assert checked.code == 3
        assert ID in checked.document["blocked"]
        told = [one["Subject"] for one in box.to(OPS)]
        assert f"[Tenantry] {ID} asked 3 questions in an hour, more than 2." in told
        assert host.get(ID, "/login") == 503
        assert host.provision("events", ID).document[-1]["detail"].startswith("blocked by itself")
        assert host.provision("resume", ID).code == 0
        assert ID not in host.provision("alerts", "check").document["blocked"]
        assert host.get(ID, "/login") == 200
    assert host.provision("purge", ID, "--yes").code == 0
