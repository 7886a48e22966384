"""From `new` to a first sign-in by letters alone: no secret is ever in one, only links that are good once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage

import httpx
import pytest

from tests.provisioner.local_root import LocalRoot, free_ports
from tests.provisioner.mail_server import Mailbox, mail_server

ID = "poste"
MARIE, JEAN = "marie@poste.fr", "jean@poste.fr"
PASSWORD = "un mot de passe bien à moi"


@pytest.fixture(scope="module")
def box(host: LocalRoot) -> Iterator[Mailbox]:
    """A mail server, known to every command of this module."""
    with mail_server() as box, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENANTRY_SMTP_URL", f"smtp://127.0.0.1:{box.port}")
        patch.setenv("TENANTRY_VENDOR_NAME", "Exemple Services")
        patch.setenv("TENANTRY_VENDOR_EMAIL", "contact@exemple.fr")
        yield box


@pytest.fixture(scope="module")
def client(host: LocalRoot, box: Mailbox) -> Iterator[httpx.Client]:
    """A client that was provisioned with an address to write to, as its people reach it."""
    words = ("--plan", "professional", "--admin-email", MARIE, "--name", "Cabinet Poste")
    made = host.provision("new", ID, *words)
    assert made.code == 0, made.said
    letter = made.document["welcome"]
    assert (letter["to"], letter["sent"]) == (MARIE, True)
    address = f"http://127.0.0.1:{host.http_port}"
    with httpx.Client(base_url=address, headers={"Host": f"{ID}.localhost"}, timeout=30) as session:
        yield session
    purged = host.provision("purge", ID, "--yes")
    assert purged.code == 0, purged.said
    assert host.provision("mail", "list", ID).document == []


def link(message: EmailMessage, page: str) -> str:
    found = re.search(rf"http://{ID}\.localhost:\d+/{page}#(\S+)", message.get_content())
    assert found, message.get_content()
    return found[1]


def sent_now(host: LocalRoot) -> list[str]:
    """Send what is due, and return to whom letters of this client went: the root is shared."""
    sent = host.provision("mail", "send")
    assert sent.code == 0, sent.said
    return [one["to"] for one in sent.document["sent"] if one["client"] == ID]


def signs_in(client: httpx.Client, email: str) -> str:
    answer = client.post("/api/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def test_a_new_client_is_welcomed_and_signs_in_by_the_letter_alone(
    client: httpx.Client, box: Mailbox
) -> None:
    (message,) = box.to(MARIE)
    assert message["Subject"] == "Votre accès à l'assistant documentaire de Cabinet Poste"
    text = message.get_content()
    assert "10\u202f000 questions par mois" in text
    assert "299,00" in text
    assert "sk_professional_" not in text
    chosen = {"token": link(message, "welcome"), "new_password": PASSWORD}
    assert client.post("/api/auth/password", json=chosen).status_code == 204
    signs_in(client, MARIE)
    shown = client.post("/api/auth/key", json={"token": link(message, "key")})
    assert client.get("/api/me", headers={"X-API-Key": shown.json()["key"]}).status_code == 200


def test_whoever_is_invited_gets_a_letter_and_forgets_the_password_at_no_cost(
    host: LocalRoot, client: httpx.Client, box: Mailbox
) -> None:
    marie = {"Authorization": f"Bearer {signs_in(client, MARIE)}"}
    invited = client.post("/api/users", json={"email": JEAN, "role": "member", "link": True}, headers=marie)
    assert invited.json()["link"]["mailed"] is True
    assert sent_now(host) == [JEAN]
    chosen = {"token": link(box.to(JEAN)[0], "welcome"), "new_password": PASSWORD}
    assert client.post("/api/auth/password", json=chosen).status_code == 204
    signs_in(client, JEAN)
    assert client.post("/api/auth/forgotten", json={"email": JEAN}).status_code == 204
    assert sent_now(host) == [JEAN]
    reset = box.to(JEAN)[1]
    assert reset["Subject"] == "Choisir un nouveau mot de passe : Cabinet Poste"
    again = {"token": link(reset, "welcome"), "new_password": f"{PASSWORD} encore"}
    assert client.post("/api/auth/password", json=again).status_code == 204


def test_the_letters_are_listed_without_their_texts_and_shown_only_unsent(
    host: LocalRoot, client: httpx.Client
) -> None:
    rows = host.provision("mail", "list", ID).document
    assert {row["state"] for row in rows} == {"sent"}
    assert host.provision("mail", "show", str(rows[0]["number"])).document["text"] is None
    assert "(erased)" in host.tell("mail", "show", str(rows[0]["number"]))[1]


def test_a_welcome_that_cannot_be_sent_is_told_and_can_be_sent_again(
    host: LocalRoot, client: httpx.Client, box: Mailbox
) -> None:
    box.refuses = {MARIE: "550 unknown"}
    refused = host.provision("mail", "welcome", ID, "--language", "en")
    assert refused.code == 1
    assert "550" in refused.said
    box.refuses = {}
    number = str(refused.document["letter"])
    assert host.provision("mail", "retry", number).code == 0
    assert sent_now(host) == [MARIE]
    assert box.to(MARIE)[-1]["Subject"] == "Your access to the document assistant of Cabinet Poste"


def test_a_trial_letter_shows_that_mail_goes_out(
    host: LocalRoot, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert host.provision("mail", "test", "ops@exemple.fr").code == 0
    assert len(box.to("ops@exemple.fr")) == 1
    assert host.provision("mail", "test", "nobody").code == 2
    monkeypatch.delenv("TENANTRY_SMTP_URL")
    without = host.provision("mail", "test", "ops@exemple.fr")
    assert without.code == 2
    assert "smtp_url" in without.said


def test_a_mail_server_that_is_away_costs_nobody_a_client(
    host: LocalRoot, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENANTRY_SMTP_URL", f"smtp://127.0.0.1:{free_ports(1)}")
    made = host.provision("new", "postier", "--plan", "starter", "--admin-email", "zoe@postier.fr")
    assert (made.code, made.document["welcome"]["sent"]) == (0, False)
    assert "does not answer as it should" in made.said
    (row,) = host.provision("mail", "list", "postier").document
    assert row["state"] == "waiting"
    assert host.provision("purge", "postier", "--yes").code == 0
