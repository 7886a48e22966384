"""What each role sees and may do, and tokens for programs."""

import sqlite3
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from provisioner.dashboard.operators import Operators, UnknownOperator
from provisioner.dashboard.roles import Role
from provisioner.dashboard.store import Store
from provisioner.dashboard.tokens import Tokens, UnknownToken
from provisioner.errors import InvalidConfiguration, InvalidRequest, Refused
from provisioner.host import HostSettings
from tests.dashboard.clock import FixedClock
from tests.dashboard.conftest import EMAIL, PASSWORD, AddClient, post_form
from tests.dashboard.test_clients_api import bearer

ACCESS = "/admin/access"


def signed_in(app: Flask, email: str) -> FlaskClient:
    browser = app.test_client()
    post_form(browser, "/admin/login", "/admin/login", email=email, password=PASSWORD)
    return browser


@pytest.fixture
def people(host: HostSettings, app: Flask, clock: FixedClock) -> Operators:
    """Return who may sign in: the owner, and one of each other role."""
    operators = Operators(Store(host.root), clock)
    for role in (Role.VIEWER, Role.OPERATOR):
        operators.add(f"{role}@vendor.test", SecretStr(PASSWORD), role)
    return operators


@pytest.fixture
def tokens(host: HostSettings, app: Flask, clock: FixedClock) -> Tokens:
    return Tokens(Store(host.root), clock)


def test_the_first_operator_is_the_owner_the_next_only_sees(host: HostSettings, clock: FixedClock) -> None:
    host.layout.admin.mkdir()
    operators = Operators(Store(host.root), clock)

    given = [operators.add(f"n{number}@vendor.test", SecretStr(PASSWORD)) for number in range(2)]

    assert given == [Role.OWNER, Role.VIEWER]


def test_who_could_sign_in_before_there_were_roles_is_an_owner(host: HostSettings, clock: FixedClock) -> None:
    host.layout.admin.mkdir()
    with sqlite3.connect(host.layout.admin / "admin.sqlite3") as before:
        before.execute(
            "CREATE TABLE operators (email TEXT PRIMARY KEY, password_hash TEXT NOT NULL,"
            " created_at TEXT NOT NULL) STRICT"
        )
        before.execute("INSERT INTO operators VALUES (?, 'x', '2026-01-01T00:00:00Z')", (EMAIL,))
    before.close()

    (known,) = Operators(Store(host.root), clock).all()

    assert (known.email, known.role) == (EMAIL, Role.OWNER)
    assert Operators(Store(host.root), clock).all() == [known]  # opening it again changes nothing


def test_a_file_of_a_newer_version_is_left_alone(host: HostSettings) -> None:
    host.layout.admin.mkdir()
    with sqlite3.connect(host.layout.admin / "admin.sqlite3") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()

    with pytest.raises(InvalidConfiguration, match="newer Tenantry"):
        Store(host.root)


def test_only_the_owner_sees_money(app: Flask, people: Operators, add_client: AddClient) -> None:
    add_client("dupont", "Cabinet Dupont", usage={"total_due": 1234.56})

    owner = signed_in(app, EMAIL).get("/admin/clients").get_data(as_text=True)
    viewer = signed_in(app, "viewer@vendor.test").get("/admin/clients?sort=amount").get_data(as_text=True)

    assert "Revenu mensuel récurrent" in owner
    assert "1\u202f234,56" in owner
    assert "Cabinet Dupont" in viewer
    assert "€" not in viewer


def test_a_token_without_the_owner_s_role_gets_no_money(
    visitor: FlaskClient, tokens: Tokens, add_client: AddClient
) -> None:
    add_client("dupont", "Dupont", usage={})

    answers = {}
    for role in Role:
        secret = tokens.new(f"for {role}", role, EMAIL).get_secret_value()
        answers[role] = visitor.get("/admin/api/clients", headers=bearer(secret)).get_json()

    assert answers[Role.OWNER]["clients"][0]["money"]["price"] == 299.0
    for role in (Role.VIEWER, Role.OPERATOR):
        (client,) = answers[role]["clients"]
        assert client["money"] is None
        assert client["usage"]["llm_cost"] is client["usage"]["total_due"] is None
        assert client["usage"]["requests_used"] == 412
        assert answers[role]["totals"]["monthly_recurring_revenue"] is None


def test_a_token_ends_with_its_time_or_when_it_is_revoked(
    visitor: FlaskClient, tokens: Tokens, clock: FixedClock, host: HostSettings
) -> None:
    lasting, ended = (
        tokens.new(name, Role.VIEWER, EMAIL, timedelta(days=30)).get_secret_value() for name in ("a", "b")
    )
    tokens.revoke("b")

    assert visitor.get("/admin/api/clients", headers=bearer(lasting)).status_code == 200
    assert visitor.get("/admin/api/clients", headers=bearer(ended)).status_code == 401
    assert [(one.name, one.last_used_at) for one in tokens.all()] == [("a", clock.now())]
    assert lasting.encode() not in (host.layout.admin / "admin.sqlite3").read_bytes()

    clock.advance(days=30)
    assert visitor.get("/admin/api/clients", headers=bearer(lasting)).status_code == 401
    assert tokens.all() == []
    with pytest.raises(UnknownToken):
        tokens.revoke("b")


def test_a_token_is_refused_without_a_name_of_its_own_or_for_ever(tokens: Tokens) -> None:
    tokens.new("facturation", Role.VIEWER, EMAIL)

    for name, days in (("facturation", 90), ("", 90), ("a\nb", 90), ("long", 731), ("short", 0)):
        with pytest.raises(InvalidRequest):
            tokens.new(name, Role.VIEWER, EMAIL, timedelta(days=days))


def test_the_page_of_access_is_the_owner_s(app: Flask, people: Operators) -> None:
    for role in (Role.VIEWER, Role.OPERATOR):
        browser = signed_in(app, f"{role}@vendor.test")
        assert browser.get(ACCESS).status_code == 403
        assert ACCESS not in browser.get("/admin/clients").get_data(as_text=True)
        forged = post_form(browser, "/admin/clients", f"{ACCESS}/tokens", name="x", role="owner", days="90")
        assert forged.status_code == 403


def test_the_owner_gives_access_and_takes_it_back(app: Flask, operator: FlaskClient) -> None:
    made = post_form(operator, ACCESS, f"{ACCESS}/operators", email="n@vendor.test", role="operator")
    password = made.get_data(as_text=True).split('class="secret">')[1].split("<")[0]
    newcomer = app.test_client()
    post_form(newcomer, "/admin/login", "/admin/login", email="n@vendor.test", password=password)
    assert newcomer.get("/admin/clients").status_code == 200
    assert password not in operator.get(ACCESS).get_data(as_text=True)

    post_form(operator, ACCESS, f"{ACCESS}/operators/remove", email="n@vendor.test")

    assert newcomer.get("/admin/clients").status_code == 302
    kept = post_form(operator, ACCESS, f"{ACCESS}/operators/remove", email=EMAIL)
    assert kept.status_code == 409
    assert operator.get(ACCESS).status_code == 200


def test_the_owner_makes_a_token_on_the_page_and_ends_it(visitor: FlaskClient, operator: FlaskClient) -> None:
    made = post_form(operator, ACCESS, f"{ACCESS}/tokens", name="paie", role="viewer", days="30")
    secret = made.get_data(as_text=True).split('class="secret">')[1].split("<")[0]
    assert visitor.get("/admin/api/clients", headers=bearer(secret)).status_code == 200

    again = post_form(operator, ACCESS, f"{ACCESS}/tokens", name="paie", role="viewer", days="30")
    assert again.status_code == 400
    post_form(operator, ACCESS, f"{ACCESS}/tokens/revoke", name="paie")

    assert visitor.get("/admin/api/clients", headers=bearer(secret)).status_code == 401


def test_a_form_of_another_site_gives_nobody_access(operator: FlaskClient, people: Operators) -> None:
    before = people.all()

    answer = operator.post(
        f"{ACCESS}/operators",
        data={"email": "evil@vendor.test", "role": "owner"},
        headers={"Origin": "https://evil.test"},
    )

    assert answer.status_code == 403
    assert people.all() == before


def test_somebody_unknown_or_the_last_owner_is_not_removed(people: Operators) -> None:
    with pytest.raises(UnknownOperator):
        people.remove("nobody@vendor.test")
    with pytest.raises(Refused, match="last owner"):
        people.remove(EMAIL)
    people.add("second@vendor.test", SecretStr(PASSWORD), Role.OWNER)

    people.remove(EMAIL)

    assert EMAIL not in [one.email for one in people.all()]
