"""The vendor is told what is wrong by real mail and a real webhook; what cannot be told is told later."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from provisioner.alerting.book import Turn
from provisioner.errors import InvalidConfiguration, Refused
from provisioner.registry.models import State
from provisioner.service import alerts
from provisioner.service.alerts import Checked
from tests.provisioner.billing_root import BillingRoot
from tests.provisioner.mail_server import Mailbox, mail_server
from tests.provisioner.webhook_receiver import Receiver, webhook_receiver

OPS = "ops@exemple.fr"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as receiver:
        yield receiver


@pytest.fixture
def root(tmp_path: Path, box: Mailbox, receiver: Receiver) -> BillingRoot:
    """A root with one client; it and the host were backed up today."""
    root = BillingRoot(tmp_path / "r")
    (tmp_path / "secret").write_text("un secret\n")
    configure(root, box, receiver, webhook_secret_file=str(tmp_path / "secret"))
    root.add("dupont")
    backed_up(root)
    return root


def configure(root: BillingRoot, box: Mailbox, receiver: Receiver, **more: object) -> None:
    known = yaml.safe_load((root.path / "host.yaml").read_text())
    told = {"email": [OPS], "webhook_url": receiver.url, **more}
    text = yaml.safe_dump({**known, "smtp_url": f"smtp://127.0.0.1:{box.port}", "alerts": told})
    (root.path / "host.yaml").write_text(text)


def backed_up(root: BillingRoot, outcome: str = "done", detail: str = "") -> None:
    root.registry.add_event("dupont", "backup dupont", "ops", outcome, detail)
    root.registry.add_event("", "backup --host", "ops", "done")


def check(root: BillingRoot, **later: float) -> Checked:
    root.clock.moment += timedelta(**(later or {"minutes": 5}))
    return alerts.check(root.context)


def told(checked: Checked) -> list[tuple[Turn, str]]:
    assert checked.troubles == []
    return [(one.turn, one.alert.condition.key) for one in checked.told]


def test_a_failed_backup_is_told_once_both_ways_and_when_it_is_over(
    root: BillingRoot, box: Mailbox, receiver: Receiver
) -> None:
    assert told(check(root)) == []
    backed_up(root, "failed", "The disk is full.")
    assert told(check(root)) == [(Turn.OPENED, "backup:dupont")]
    assert told(check(root)) == []
    (letter,) = box.to(OPS)
    assert letter["Subject"] == "[Tenantry] The last backup of dupont failed: The disk is full."
    assert "`provision backup dupont`" in letter.get_content()
    (call,) = receiver.documents()
    assert (call["turn"], call["client"], call["concern"]) == ("opened", "dupont", "backup")
    backed_up(root)
    assert told(check(root)) == [(Turn.OVER, "backup:dupont")]
    assert box.to(OPS)[-1]["Subject"].startswith("[Tenantry] Terminé : The last backup of dupont failed")
    assert [one["turn"] for one in receiver.documents()] == ["opened", "over"]


def test_a_call_is_signed_with_the_secret_and_its_moment(root: BillingRoot, receiver: Receiver) -> None:
    backed_up(root, "failed", "x")
    check(root)
    ((headers, body),) = receiver.calls
    signed = f"{headers['X-Tenantry-Timestamp']}.".encode() + body
    expected = hmac.new(b"un secret", signed, hashlib.sha256).hexdigest()
    assert headers["X-Tenantry-Signature"] == f"sha256={expected}"
    assert headers["X-Tenantry-Timestamp"] == str(int(root.clock.moment.timestamp()))


def test_a_webhook_that_does_not_take_it_is_called_again_and_mail_goes_out(
    root: BillingRoot, box: Mailbox, receiver: Receiver
) -> None:
    receiver.status = 500
    backed_up(root, "failed", "x")
    (trouble,) = check(root).troubles
    assert "answered 500" in trouble.message
    assert len(box.to(OPS)) == 1
    receiver.status = 204
    assert told(check(root)) == []
    assert [one["turn"] for one in receiver.documents()] == ["opened", "opened"]
    assert told(check(root)) == []
    assert len(receiver.calls) == 2


def test_what_it_was_called_for_a_day_ago_is_given_up(root: BillingRoot, receiver: Receiver) -> None:
    receiver.status = 500
    backed_up(root, "failed", "x")
    check(root)
    backed_up(root)
    check(root)
    receiver.status = 204
    backed_up(root)
    assert told(check(root, days=1, minutes=1)) == []
    assert [one["turn"] for one in receiver.documents()].count("over") == 0


def test_an_old_backup_is_told(root: BillingRoot) -> None:
    opened = [(Turn.OPENED, "backup:host"), (Turn.OPENED, "backup:dupont")]
    assert sorted(told(check(root, days=2, minutes=1))) == sorted(opened)


@pytest.mark.parametrize(("name", "client"), [("dupont", "dupont"), ("--host", "")])
def test_a_backup_that_did_not_leave_the_host_is_told(
    root: BillingRoot, box: Mailbox, receiver: Receiver, name: str, client: str
) -> None:
    root.registry.add_event(client, f"send {name}", "ops", "failed", "The store does not answer.")
    assert told(check(root)) == []
    configured = yaml.safe_load((root.path / "host.yaml").read_text())
    configured |= {"backup_target": "s3://sauvegardes/tenantry", "s3_endpoint": "https://s3.exemple.fr"}
    (root.path / "host.yaml").write_text(yaml.safe_dump(configured))
    assert told(check(root)) == [(Turn.OPENED, f"backup:{client or 'host'}")]
    (letter,) = box.to(OPS)
    assert letter["Subject"].endswith("is on this host only: The store does not answer.")
    root.registry.add_event(client, f"send {name}", "ops", "done")
    assert told(check(root)) == [(Turn.OVER, f"backup:{client or 'host'}")]


def test_limits_are_told_at_80_and_100_percent(root: BillingRoot) -> None:
    root.used("dupont", "2026-01", requests_used=8_000, requests_limit=10_000)
    assert told(check(root)) == [(Turn.OPENED, "quota:dupont:2026-01:questions")]
    root.used("dupont", "2026-01", requests_used=8_100, requests_limit=10_000)
    assert told(check(root)) == []
    root.used("dupont", "2026-01", requests_used=10_000, requests_limit=10_000)
    assert (Turn.OPENED, "quota:dupont:2026-01:questions") in told(check(root))


def ask(root: BillingRoot, requests: int) -> None:
    month = f"{root.clock.moment:%Y-%m}"
    root.used("dupont", month, requests_used=requests, requests_limit=1_000_000)


def test_more_than_the_allowed_questions_in_an_hour_is_abuse(root: BillingRoot) -> None:
    ask(root, 10_000)
    assert told(check(root)) == [], "what was asked before anybody looked is no burst"
    ask(root, 10_400)
    assert told(check(root)) == []
    ask(root, 10_501)
    assert told(check(root, minutes=30)) == [(Turn.OPENED, "abuse:dupont")]
    assert told(check(root, minutes=61)) == [(Turn.OVER, "abuse:dupont")]


def test_the_hour_goes_on_over_the_end_of_a_month(root: BillingRoot) -> None:
    root.at(2026, 1, 31, 23, 40)
    backed_up(root)
    ask(root, 10_000)
    check(root)
    ask(root, 10_300)
    assert told(check(root)) == []
    root.at(2026, 2, 1, 0, 5)
    ask(root, 201)
    assert told(check(root)) == [(Turn.OPENED, "abuse:dupont")]


def test_a_burst_far_from_the_habit_is_abuse(root: BillingRoot) -> None:
    root.at(2026, 1, 5, 9)
    asked = 0
    for _ in range(3 * 24 + 1):
        ask(root, asked)
        backed_up(root)
        assert told(check(root, hours=1)) == []
        asked += 10
    ask(root, asked + 120)
    assert told(check(root)) == [(Turn.OPENED, "abuse:dupont")]


def test_who_asks_too_much_is_blocked_where_that_is_wanted_and_can_come_back(
    root: BillingRoot, box: Mailbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(root, box, receiver, block_abuse=True)
    ask(root, 0)
    check(root)
    ask(root, 600)
    blocked: list[str] = []
    # What suspending does is shown where a client really runs (test_suspension.py).
    monkeypatch.setattr(alerts, "suspend", lambda _context, client, _reason: blocked.append(client))
    assert check(root).blocked == ["dupont"]
    assert told(check(root)) == [(Turn.OVER, "abuse:dupont")]
    assert blocked == ["dupont"], "resumed, the same hour blocks it no more"


def test_a_trial_tells_everybody(root: BillingRoot, box: Mailbox, receiver: Receiver) -> None:
    assert [way.value for way in alerts.try_ways(root.context)] == ["mail", "webhook"]
    assert len(box.to(OPS)) == len(receiver.calls) == 1
    receiver.status = 404
    with pytest.raises(Exception, match="answered 404"):
        alerts.try_ways(root.context)


def test_without_anybody_to_tell_it_is_said(tmp_path: Path) -> None:
    root = BillingRoot(tmp_path / "r")
    with pytest.raises(Refused, match="Nobody is told"):
        alerts.try_ways(root.context)


def test_a_secret_that_cannot_be_read_is_refused_before_anything(
    root: BillingRoot, box: Mailbox, receiver: Receiver, tmp_path: Path
) -> None:
    configure(root, box, receiver, webhook_secret_file=str(tmp_path / "missing"))
    backed_up(root, "failed", "x")
    with pytest.raises(InvalidConfiguration, match="webhook_secret_file"):
        check(root)
    assert receiver.calls == []


def test_of_a_suspended_client_nothing_is_counted(root: BillingRoot) -> None:
    ask(root, 0)
    check(root)
    root.registry.set_state("dupont", State.SUSPENDED)
    ask(root, 600)
    assert told(check(root)) == []
