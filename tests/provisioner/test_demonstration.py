"""A sales demonstration: documents from the start, nothing owed, an end, and a client afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from provisioner.invoicing.agreements import committed_until
from provisioner.invoicing.months import Month
from provisioner.service.closing import close
from tests.provisioner.billing_root import BillingRoot
from tests.provisioner.local_root import LocalRoot

ID = "vitrine"


def test_a_demonstration_has_its_documents_and_its_last_day_and_becomes_a_client(
    host: LocalRoot, tmp_path: Path
) -> None:
    (tmp_path / "conges.md").write_text("# Congés\n\nChaque salarié a droit à 25 jours de congés par an.\n")
    words = ("--plan", "professional", "--expires", "30d", "--seed", str(tmp_path))
    made = host.provision("new", ID, *words)
    assert made.code == 0, made.said
    assert [one["status"] for one in made.document["documents"]] == ["indexed"]
    headers = {"Host": f"{ID}.localhost", "X-API-Key": made.document["api_key"]}
    address = f"http://127.0.0.1:{host.http_port}"
    answer = httpx.post(
        f"{address}/api/chat", headers=headers, json={"question": "Combien de jours de congés ?"}, timeout=60
    )
    assert "25 jours" in answer.json()["answer"]
    usage = httpx.get(f"{address}/api/billing/usage", headers=headers).json()
    assert usage["usage"]["total_due"] == 0
    settings = (host.path / f"client-{ID}" / ".env").read_text()
    ends = (datetime.now(UTC) + timedelta(days=30)).date()
    assert f'PLAN_EXPIRES_ON="{ends}"' in settings
    changed = host.provision("plan", ID, "professional")
    assert changed.code == 0, changed.said
    assert 'PLAN_EXPIRES_ON=""' in (host.path / f"client-{ID}" / ".env").read_text()
    usage = httpx.get(f"{address}/api/billing/usage", headers=headers).json()
    assert (usage["usage"]["total_due"], usage["usage"]["requests_used"]) == (299, 1)
    assert host.provision("purge", ID, "--yes").code == 0


@pytest.mark.parametrize("words", [("--expires", "0d"), ("--expires", "30"), ("--expires", "400d")])
def test_what_is_no_trial_is_refused(host: LocalRoot, words: tuple[str, str]) -> None:
    assert host.provision("new", ID, "--plan", "starter", *words).code == 2
    assert ID not in host.rows()


def test_documents_that_are_not_there_are_refused_before_anything(host: LocalRoot, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("none", "empty"):
        refused = host.provision("new", ID, "--plan", "starter", "--seed", str(tmp_path / folder))
        assert refused.code == 2
        assert ID not in host.rows()


def test_its_secrets_are_told_even_when_its_documents_are_not_taken_in(
    host: LocalRoot, tmp_path: Path
) -> None:
    seed, hook = tmp_path / "seed", host.path / "hooks" / "post-new"
    seed.mkdir()
    (seed / "conges.md").write_text("# Congés\n\nVingt-cinq jours.\n")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nrm -r {seed}\n")
    hook.chmod(0o700)
    try:
        made = host.new(ID, "--seed", str(seed))
    finally:
        hook.unlink()
    assert made.code == 1
    assert made.document["api_key"].startswith("sk_starter_")
    assert made.document["documents"] == []
    assert f"`provision ingest {ID} {seed}` goes on" in made.said
    assert host.provision("purge", ID, "--yes").code == 0


def test_nothing_is_billed_before_the_day_it_becomes_a_client(tmp_path: Path) -> None:
    root = BillingRoot(tmp_path / "r")
    root.at(2026, 1, 1, 9)
    root.add("dupont", trial_days=30)
    root.used("dupont", "2026-01")
    root.at(2026, 1, 21, 9)
    # Whether a client that runs has room in its plan is shown elsewhere (test_plan_change.py).
    root.change("dupont", trial_days=None)
    root.at(2026, 2, 1, 9)
    (closed,) = close(root.context, Month(2026, 1), None)
    (invoice,) = (one.invoice for one in root.context.bills.invoices())
    assert closed.number == invoice.number
    assert invoice.net_cents == round(29_900 * 11 / 31)
    assert (
        committed_until(root.context.bills.contract_of("dupont")) == datetime(2027, 1, 21, tzinfo=UTC).date()
    )
