"""Somebody takes their own data along, or has themselves erased; what is the firm's stays with the firm."""

import io
import json
import zipfile
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tenant_app.accounts.models import SignInSession, User
from tenant_app.assistant.models import Conversation, Turn
from tenant_app.cases.models import Analysis
from tenant_app.database import Base
from tenant_app.services import Services
from tests.tenant_app.accounts.browser import browser
from tests.tenant_app.cases.firm import Caller
from tests.tenant_app.conftest import PASSWORD

QUESTION = "Quand le bailleur a-t-il donné congé pour reprise du logement ?"
WISH = {"current_password": PASSWORD}


def archive_of(caller: Caller) -> zipfile.ZipFile:
    answer = caller.call("GET", "/api/me/data.zip")
    assert answer.status_code == 200
    assert answer.content_type == "application/zip"
    assert "dupont-2025-01-15.zip" in answer.headers["Content-Disposition"]
    return zipfile.ZipFile(io.BytesIO(answer.get_data()))


def mentions(services: Services, words: str) -> list[str]:
    """Return the tables in which some words stand anywhere."""
    found = []
    with services.database.read() as session:
        for table in Base.metadata.sorted_tables:
            rows: list[Any] = list(session.execute(select(table)))
            if words in str([tuple(row) for row in rows]):
                found.append(table.name)
    return found


def test_one_takes_along_all_that_is_held_about_oneself(anna: Caller, boris: Caller, lease: int) -> None:
    anna.make(f"/api/cases/{lease}/notes", {"text": "Rappeler le bailleur."})
    boris.call("POST", "/api/chat", {"question": "Une question de Boris ?"})
    asked = anna.call("POST", "/api/chat", {"question": QUESTION, "case_id": lease}).get_json()

    data = anna.get("/api/me/data")

    assert data["profile"]["email"] == "anna@dupont.test"
    assert [session["current"] for session in data["sessions"]] == [True]
    assert data["active_months"] == ["2025-01"]
    (conversation,) = data["conversations"]
    assert conversation["turns"][0]["question"] == QUESTION
    assert {document["name"] for document in data["documents"]} == {"loi.md", "conge.md", "reponse.md"}
    assert [case["title"] for case in data["cases"]] == ["Congé Martin"]
    assert [note["text"] for note in data["notes"]] == ["Rappeler le bailleur."]
    assert "Boris" not in json.dumps(data, ensure_ascii=False)
    assert "hash" not in json.dumps(data)

    archive = archive_of(anna)
    assert sorted(archive.namelist()) == [f"conversations/{asked['conversation_id']}.md", "data.json"]
    assert json.loads(archive.read("data.json")) == data
    assert QUESTION in archive.read(f"conversations/{asked['conversation_id']}.md").decode()


def test_what_one_may_not_see_any_more_is_not_handed_over(anna: Caller, boris: Caller, lease: int) -> None:
    member = f"/api/cases/{lease}/members/{boris.get('/api/me')['id']}"
    anna.call("PUT", member)
    boris.make(f"/api/cases/{lease}/notes", {"text": "Note de Boris."})
    boris.upload(b"Une piece de plus.", "ajout.md", lease)
    boris.call("POST", "/api/chat", {"question": QUESTION})
    anna.call("DELETE", member)

    data = boris.get("/api/me/data")

    assert (data["documents"], data["cases"], data["notes"]) == ([], [], [])
    assert data["conversations"][0]["turns"][0]["question"] == QUESTION
    assert "conge.md" not in json.dumps(data)


def test_an_erased_person_is_nowhere_and_the_firm_s_work_stays(
    anna: Caller, chief: Caller, lease: int, services: Services
) -> None:
    anna.make(f"/api/cases/{lease}/notes", {"text": "Rappeler le bailleur."})
    anna.call("POST", f"/api/cases/{lease}/analyses", {"wait": False})
    anna.call("POST", "/api/chat", {"question": "Une question d'Anna ?"})
    for _ in range(2):
        anna.call("POST", "/api/auth/login", {"email": "anna@dupont.test", "password": "faux"})
    used = chief.get("/api/billing/usage")["usage"]["requests_used"]

    assert anna.status("POST", "/api/me/erasure", WISH) == 204

    assert anna.status("GET", "/api/me") == 401
    assert mentions(services, "anna@dupont.test") == []
    assert mentions(services, "Une question d'Anna") == []
    with services.database.read() as session:
        left = [session.scalar(select(func.count()).select_from(one)) for one in (Conversation, Turn)]
        assert left == [0, 0]
        assert session.scalars(select(User.email)).all() == ["chef@dupont.test"]
        assert len(session.scalars(select(SignInSession)).all()) == 1
        assert session.scalars(select(Analysis.author)).all() == [""]
    (note,) = chief.get(f"/api/cases/{lease}/notes")["notes"]
    assert (note["text"], note["author"]) == ("Rappeler le bailleur.", "")
    assert len(chief.get("/api/documents")["documents"]) == 3
    assert chief.get("/api/billing/usage")["usage"]["requests_used"] == used


def test_the_last_administrator_stays_and_is_told_why(chief: Caller, boris: Caller) -> None:
    refused = chief.call("POST", "/api/me/erasure", WISH)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "last-administrator")
    chief.call("PATCH", f"/api/users/{boris.get('/api/me')['id']}", {"role": "admin"})
    assert chief.status("POST", "/api/me/erasure", WISH) == 204


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"current_password": "un autre mot de passe"}, 403),
        ({}, 400),
        (WISH | {"user_id": 1}, 400),
    ],
)
def test_without_the_right_password_nobody_is_erased(anna: Caller, body: dict[str, Any], status: int) -> None:
    assert anna.status("POST", "/api/me/erasure", body) == status
    assert anna.status("GET", "/api/me") == 200


def test_a_program_is_no_person(program: Caller) -> None:
    assert program.code("GET", "/api/me/data") == "no-person"
    assert program.code("GET", "/api/me/data.zip") == "no-person"
    assert program.code("POST", "/api/me/erasure", WISH) == "no-person"


def test_one_s_other_sessions_are_closed_at_once(anna: Caller, boris: Caller) -> None:
    credentials = {"email": "anna@dupont.test", "password": PASSWORD}
    tokens = [anna.call("POST", "/api/auth/login", credentials).get_json()["access_token"] for _ in range(2)]
    others = [Caller(anna.client, {"Authorization": f"Bearer {token}"}) for token in tokens]
    listed = anna.get("/api/me/sessions")["sessions"]
    assert [(one["kind"], one["current"]) for one in listed].count(("program", True)) == 1
    assert len(listed) == 3

    one, another = (session["id"] for session in listed if not session["current"])
    assert boris.status("DELETE", f"/api/me/sessions/{one}") == 404
    assert anna.status("DELETE", f"/api/me/sessions/{one}") == 204
    assert sorted(other.status("GET", "/api/me") for other in others) == [200, 401]
    assert anna.status("DELETE", "/api/me/sessions") == 204
    assert [other.status("GET", "/api/me") for other in others] == [401, 401]
    assert another not in str(anna.get("/api/me/sessions"))
    assert boris.status("GET", "/api/me") == 200


def test_the_page_erases_whoever_confirms_with_their_password(
    app: Flask, services: Services, anna: Caller, chief: Caller
) -> None:
    page = browser(app, services, anna.get("/api/me")["id"])

    def send(password: str) -> Any:
        return page.client.post("/settings/erase", data={"password": password}, headers=page.headers)

    refused = send("un autre mot de passe")
    assert (refused.status_code, "Votre compte n’a pas été effacé." in refused.text) == (403, True)
    erased = send(PASSWORD)
    assert (erased.status_code, erased.headers["Location"]) == (303, "/login?erased=")
    assert page.client.get("/settings").status_code == 302
    assert chief.get("/api/users")["users"][0]["email"] == "chef@dupont.test"
