"""What instances want mailed: believed as far as it fits, and no further. The words are the host's own."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioner.mail.spool import Spool
from provisioner.registry.models import State
from provisioner.service import mail, outboxes
from tests.provisioner.billing_root import BillingRoot

SECRET = "s" * 43


@pytest.fixture
def root(tmp_path: Path) -> BillingRoot:
    root = BillingRoot(tmp_path / "r")
    root.add("dupont")
    outbox(root).mkdir(parents=True)
    return root


@pytest.fixture
def spool(root: BillingRoot) -> Spool:
    return mail.spool_of(root.context)


def outbox(root: BillingRoot) -> Path:
    return root.path / "client-dupont" / "data" / "outbox"


def put(root: BillingRoot, name: str = "1.json", **changes: Any) -> Path:
    wanted = {
        "kind": "invitation",
        "recipient": "jean@dupont.fr",
        "inviter": "marie@dupont.fr",
        "language": "fr",
        "secret": SECRET,
        "expires_at": (root.clock.moment + timedelta(days=7)).isoformat(),
    }
    file = outbox(root) / name
    file.write_text(json.dumps({**wanted, **changes}))
    return file


def test_an_invitation_becomes_a_letter_in_the_hosts_own_words(root: BillingRoot, spool: Spool) -> None:
    file = put(root)
    assert outboxes.collect(root.context, spool) == []
    (entry,) = spool.all()
    assert (entry.kind, entry.client_id, entry.recipient) == ("invitation", "dupont", "jean@dupont.fr")
    assert entry.text is not None
    text = entry.text.get_secret_value()
    assert f"http://dupont.localhost:8080/welcome#{SECRET}" in text
    assert "marie@dupont.fr vous invite" in text
    assert not file.exists()


def test_in_the_language_of_who_asks(root: BillingRoot, spool: Spool) -> None:
    put(root, kind="reset", inviter="", language="en")
    outboxes.collect(root.context, spool)
    assert spool.all()[0].subject == "Choose a new password: Cabinet Dupont & Associés"


def test_cut_off_between_the_spool_and_the_outbox_it_is_one_letter(root: BillingRoot, spool: Spool) -> None:
    put(root)
    outboxes.collect(root.context, spool)
    put(root)  # the same file once more: its removal never came to the disk
    outboxes.collect(root.context, spool)
    assert len(spool.all()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": "everybody"},
        {"recipient": "a@b.fr\nBcc: c@d.fr"},
        {"recipient": ["a@b.fr"]},
        {"inviter": "Votre banque, cliquez ici"},
        {"kind": "welcome"},
        {"kind": "alert"},
        {"secret": "x"},
        {"secret": "https://evil.example/" + "x" * 20},
        {"secret": SECRET + "\nCliquez sur http://evil.example"},
        {"language": "../../etc"},
        {"subject": "Another"},
        {"expires_at": "tomorrow"},
    ],
)
def test_what_does_not_fit_is_thrown_away_and_told(
    root: BillingRoot, spool: Spool, changes: dict[str, Any]
) -> None:
    file = put(root, **changes)
    assert [(one.client_id, one.name) for one in outboxes.collect(root.context, spool)] == [
        ("dupont", "1.json")
    ]
    assert not file.exists()
    assert spool.all() == []


def test_links_pipes_and_gigabytes_lead_nowhere(root: BillingRoot, spool: Spool, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    (outbox(root) / "link.json").symlink_to(secret)
    os.mkfifo(outbox(root) / "pipe.json")
    with (outbox(root) / "large.json").open("wb") as large:
        large.truncate(10**9)
    told = outboxes.collect(root.context, spool)
    assert sorted(one.name for one in told) == ["large.json", "link.json", "pipe.json"]
    assert list(outbox(root).iterdir()) == []
    assert secret.exists()


def test_an_outbox_that_is_a_link_is_not_followed(root: BillingRoot, spool: Spool, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "1.json").write_text("{}")
    outbox(root).rmdir()
    outbox(root).symlink_to(elsewhere)
    assert [one.name for one in outboxes.collect(root.context, spool)] == ["outbox"]
    assert (elsewhere / "1.json").exists()


def test_a_client_has_its_letters_of_a_day_and_keeps_the_rest(
    root: BillingRoot, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes, "MOST_A_DAY", 3)
    for number in range(5):
        put(root, f"{number}.json")
    outboxes.collect(root.context, spool)
    assert (len(spool.all()), len(list(outbox(root).iterdir()))) == (3, 2)
    root.clock.moment += timedelta(days=1, seconds=1)
    outboxes.collect(root.context, spool)
    assert (len(spool.all()), len(list(outbox(root).iterdir()))) == (5, 0)


def test_of_a_suspended_client_nothing_is_sent(root: BillingRoot, spool: Spool) -> None:
    file = put(root)
    root.registry.set_state("dupont", State.SUSPENDED)
    assert outboxes.collect(root.context, spool) == []
    assert file.exists()
