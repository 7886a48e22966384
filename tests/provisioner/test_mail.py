"""Letters leave by a real mail server, each once, or wait and say why."""

from __future__ import annotations

import smtplib
import socket
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from provisioner.errors import InvalidRequest
from provisioner.mail.letter import Kind, Letter, Sender, as_message
from provisioner.mail.retries import GIVEN_UP_AFTER, next_attempt
from provisioner.mail.smtp import MailServerTrouble, connected
from provisioner.mail.spool import CLAIMED_FOR, LetterState, Spool
from provisioner.service import mail
from tests.local_ca import LocalCA
from tests.provisioner.billing_root import BillingRoot
from tests.provisioner.clock import FixedClock
from tests.provisioner.mail_server import Mailbox, lets_in, mail_server, speaks_tls

NOW = datetime(2026, 1, 31, 9, 5, 7, tzinfo=UTC)
LINK = "https://dupont.exemple.fr/welcome#a-secret-that-opens-an-account"


def letter(key: str = "k", **more: Any) -> Letter:
    known = {
        "kind": Kind.WELCOME,
        "client_id": "dupont",
        "recipient": "marie@dupont.fr",
        "subject": "Votre accès, Maître",
        "text": SecretStr(f"Bonjour,\n\n   {LINK}\n\nÀ bientôt\n"),
    }
    return Letter(key, **{**known, **more})


@pytest.fixture
def root(tmp_path: Path) -> BillingRoot:
    return BillingRoot(tmp_path / "r")


def named(root: BillingRoot, url: str) -> BillingRoot:
    text = (root.path / "host.yaml").read_text()
    (root.path / "host.yaml").write_text(f"smtp_url: {url}\n{text}")
    return root


def states(root: BillingRoot) -> dict[str, str]:
    return {one.key: one.state.value for one in mail.spool_of(root.context).all()}


def test_a_letter_is_sent_once_and_its_text_is_erased(root: BillingRoot) -> None:
    with mail_server() as box:
        named(root, f"smtp://127.0.0.1:{box.port}")
        number = mail.keep(root.context, letter())
        assert mail.keep(root.context, letter(subject="Another of the same key")) == number
        assert [one.number for one in mail.deliver(root.context).sent] == [number]
        assert not mail.deliver(root.context).sent
    (message,) = box.taken
    assert message["Subject"] == "Votre accès, Maître"
    assert message["From"] == "Exemple Services <contact@exemple.fr>"
    assert LINK in message.get_content()
    entry = mail.spool_of(root.context).get(number)
    assert (entry.state, entry.text) == (LetterState.SENT, None)
    for path in (root.path / "mail").iterdir():
        assert LINK.encode() not in path.read_bytes()


def test_the_spool_is_closed_to_everybody_else(root: BillingRoot) -> None:
    mail.keep(root.context, letter())
    assert stat.S_IMODE((root.path / "mail").stat().st_mode) == 0o700
    assert stat.S_IMODE((root.path / "mail" / "spool.sqlite3").stat().st_mode) == 0o600


def test_without_a_mail_server_it_waits_and_is_refused_with_the_mend(root: BillingRoot) -> None:
    number = mail.keep(root.context, letter())
    with pytest.raises(mail.NoMailServer, match="smtp_url"):
        mail.deliver(root.context)
    shown = mail.spool_of(root.context).get(number)
    assert shown.text is not None
    assert LINK in shown.text.get_secret_value()
    assert LINK not in repr(shown)


def test_a_refused_letter_says_why_and_can_be_sent_again(root: BillingRoot) -> None:
    with mail_server() as box:
        named(root, f"smtp://127.0.0.1:{box.port}")
        box.refuses = {"marie@dupont.fr": "550 no such user", "jean@dupont.fr": "451 not now"}
        mail.keep(root.context, letter("a"))
        mail.keep(root.context, letter("b", recipient="jean@dupont.fr"))
        mail.keep(root.context, letter("c", recipient="zoe@dupont.fr"))
        outcome = mail.deliver(root.context)
        assert [one.trouble for one in outcome.refused] == ["The mail server answered 550: no such user"]
        assert [one.trouble for one in outcome.postponed] == ["The mail server answered 451: not now"]
        assert states(root) == {"a": "failed", "b": "waiting", "c": "sent"}
        box.refuses = {}
        mail.spool_of(root.context).retry(outcome.refused[0].number)
        root.clock.moment += timedelta(minutes=2)
        assert len(mail.deliver(root.context).sent) == 2
        with pytest.raises(InvalidRequest, match="erased"):
            mail.spool_of(root.context).retry(outcome.refused[0].number)
    assert states(root) == dict.fromkeys("abc", "sent")


def test_a_server_that_is_away_keeps_everything_here(root: BillingRoot) -> None:
    with mail_server() as box:
        port = box.port
    named(root, f"smtp://127.0.0.1:{port}")
    mail.keep(root.context, letter())
    trouble = mail.deliver(root.context).trouble
    assert trouble is not None
    assert str(port) in trouble.message
    assert states(root) == {"k": "waiting"}
    with mail_server(port) as box:
        assert len(mail.deliver(root.context).sent) == 1


def test_what_is_too_late_is_erased_unsent(root: BillingRoot) -> None:
    with mail_server() as box:
        named(root, f"smtp://127.0.0.1:{box.port}")
        number = mail.keep(root.context, letter(expires_at=NOW + timedelta(days=7)))
        root.clock.moment = NOW + timedelta(days=7)
        assert not mail.deliver(root.context).sent
    entry = mail.spool_of(root.context).get(number)
    assert (entry.state, entry.text, box.taken) == (LetterState.EXPIRED, None, [])


def test_two_that_send_at_once_send_each_letter_once(root: BillingRoot) -> None:
    with mail_server() as box:
        named(root, f"smtp://127.0.0.1:{box.port}")
        for number in range(6):
            mail.keep(root.context, letter(str(number), recipient=f"p{number}@dupont.fr"))
        both = [threading.Thread(target=mail.deliver, args=(root.context,)) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
    assert sorted(one["To"] for one in box.taken) == sorted(f"p{number}@dupont.fr" for number in range(6))


def test_a_sender_that_was_killed_leaves_its_letter_to_the_next(tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    spool = Spool(tmp_path / "mail", clock)
    spool.add(letter())
    assert spool.claim() is not None
    assert spool.claim() is None
    clock.moment = NOW + CLAIMED_FOR
    again = spool.claim()
    assert again is not None
    assert again.attempts == 2


def test_the_same_letter_is_recognised_by_its_message_id() -> None:
    sender = Sender("Exemple", "contact@exemple.fr")
    first, second = (as_message(letter(), sender, NOW)["Message-ID"] for _ in range(2))
    assert first == second
    assert first.endswith("@exemple.fr>")
    assert as_message(letter("other"), sender, NOW)["Message-ID"] != first


@pytest.mark.parametrize("field", ["recipient", "subject"])
def test_nothing_is_put_into_a_letters_head_through_its_values(field: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)newline|CR|LF|addr|line"):
        as_message(letter(**{field: "a@b.fr\nBcc: c@d.fr"}), Sender("Exemple", "contact@exemple.fr"), NOW)


@given(st.integers(1, 1000), st.timedeltas(timedelta(0), timedelta(days=30)))
def test_it_is_tried_again_ever_more_slowly_and_given_up_after_days(attempts: int, age: timedelta) -> None:
    later = next_attempt(attempts, NOW, NOW + age)
    if age >= GIVEN_UP_AFTER:
        assert later is None
    else:
        assert later is not None
        assert timedelta(minutes=1) <= later - (NOW + age) <= timedelta(hours=3)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_a_password_is_given_to_a_server_that_asks(root: BillingRoot) -> None:
    with mail_server(**lets_in("tenantry", "a/b@c")) as box:
        named(root, f"smtp://tenantry:a%2Fb%40c@127.0.0.1:{box.port}")
        mail.keep(root.context, letter())
        assert len(mail.deliver(root.context).sent) == 1
    with mail_server(box.port, **lets_in("tenantry", "another")):
        mail.keep(root.context, letter("next"))
        trouble = mail.deliver(root.context).trouble
    assert trouble is not None
    assert "does not let tenantry in" in trouble.message
    assert "a/b@c" not in f"{trouble.message}{trouble.mend}"


def test_a_certificate_nobody_vouches_for_ends_it(root: BillingRoot, tmp_path: Path) -> None:
    LocalCA.begin().issue(tmp_path / "tls", "127.0.0.1")
    files = (str(tmp_path / "tls" / "fullchain.pem"), str(tmp_path / "tls" / "privkey.pem"))
    with mail_server(**speaks_tls(*files)) as box:
        named(root, f"smtp://127.0.0.1:{box.port}")
        mail.keep(root.context, letter())
        trouble = mail.deliver(root.context).trouble
    assert trouble is not None
    assert "CERTIFICATE_VERIFY_FAILED" in trouble.message
    assert box.taken == []


def test_to_another_host_nothing_goes_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as box:
        monkeypatch.setattr(smtplib.SMTP, "_get_socket", _to_loopback(box))
        with (
            pytest.raises(MailServerTrouble, match="offers no encryption"),
            connected(SecretStr("smtp://mail.exemple.fr:587")),
        ):
            pass


def _to_loopback(box: Mailbox) -> Any:
    """The name of another host leads to this one: a mail server elsewhere is not at hand."""
    return lambda _smtp, _host, _port, timeout: socket.create_connection(("127.0.0.1", box.port), timeout)
