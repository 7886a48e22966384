"""Only operators get in, and nothing helps anybody else to."""

import sqlite3
import stat
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from provisioner.dashboard.app import create_app
from provisioner.dashboard.operators import add_operator
from provisioner.errors import InvalidRequest
from provisioner.host import HostSettings
from provisioner.service.context import Context
from tests.dashboard.clock import FixedClock
from tests.dashboard.conftest import EMAIL, PASSWORD, csrf_token, post_form


def test_a_visitor_is_led_to_the_sign_in_page(visitor: FlaskClient) -> None:
    answer = visitor.get("/admin/clients")

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/admin/login"
    assert "Mot de passe" in visitor.get("/admin/login").get_data(as_text=True)


def test_an_operator_signs_in_and_out(operator: FlaskClient) -> None:
    page = operator.get("/admin/clients")
    assert page.status_code == 200

    answer = post_form(operator, "/admin/clients", "/admin/logout")

    assert answer.headers["Location"] == "/admin/login"
    assert operator.get("/admin/clients").status_code == 302


def test_a_copied_cookie_is_worth_nothing_after_sign_out(app: Flask, operator: FlaskClient) -> None:
    cookie = operator.get_cookie("tenantry-admin")
    assert cookie is not None
    post_form(operator, "/admin/clients", "/admin/logout")

    thief = app.test_client()
    thief.set_cookie("tenantry-admin", cookie.value)

    assert thief.get("/admin/clients").status_code == 302


def test_a_sign_in_ends_after_twelve_hours(operator: FlaskClient, clock: FixedClock) -> None:
    clock.advance(hours=12, seconds=1)

    assert operator.get("/admin/clients").status_code == 302


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "faux"), ("nobody@vendor.test", PASSWORD), ("", "")])
def test_a_wrong_address_and_a_wrong_password_look_the_same(
    visitor: FlaskClient, email: str, password: str
) -> None:
    answer = post_form(visitor, "/admin/login", "/admin/login", email=email, password=password)

    assert answer.status_code == 401
    assert "Adresse ou mot de passe incorrect" in answer.get_data(as_text=True)


def test_an_unknown_address_takes_as_long_as_a_wrong_password(visitor: FlaskClient) -> None:
    def duration(email: str) -> float:
        started = time.perf_counter()
        visitor.post("/admin/api/login", json={"email": email, "password": "faux"})
        return time.perf_counter() - started

    known = min(duration(EMAIL) for _ in range(3))
    unknown = min(duration("nobody@vendor.test") for _ in range(3))

    assert unknown > known / 2


def test_five_failures_lock_the_address_even_for_the_right_password_and_after_a_restart(
    context: Context, app: Flask, clock: FixedClock
) -> None:
    def sign_in() -> int:
        restarted = create_app(context).test_client()
        return restarted.post("/admin/api/login", json={"email": EMAIL, "password": PASSWORD}).status_code

    visitor = app.test_client()
    for _ in range(5):
        visitor.post("/admin/api/login", json={"email": EMAIL, "password": "faux"})

    assert sign_in() == 401
    clock.advance(minutes=15, seconds=1)
    assert sign_in() == 200


def test_one_address_may_try_ten_times_a_minute(visitor: FlaskClient, clock: FixedClock) -> None:
    def attempt() -> int:
        credentials = {"email": "nobody@vendor.test", "password": "faux"}
        return visitor.post("/admin/api/login", json=credentials).status_code

    assert [attempt() for _ in range(11)] == [401] * 10 + [429]
    assert post_form(visitor, "/admin/login", "/admin/login", email=EMAIL, password="x").status_code == 429
    clock.advance(seconds=61)
    assert attempt() == 401


@pytest.mark.parametrize("origin", ["http://dupont.localhost", "null", None])
def test_another_site_cannot_sign_somebody_in_or_out(visitor: FlaskClient, origin: str | None) -> None:
    token = csrf_token(visitor.get("/admin/login").get_data(as_text=True))
    headers = {"Origin": origin} if origin else {}

    form = {"csrf_token": token, "email": EMAIL, "password": PASSWORD}
    answer = visitor.post("/admin/login", data=form, headers=headers)

    assert answer.status_code == 403


def test_a_form_without_its_token_is_refused(operator: FlaskClient) -> None:
    operator.post("/admin/logout", headers={"Origin": "http://localhost"})

    assert operator.get("/admin/clients").status_code == 200


def test_signing_out_twice_is_no_error(visitor: FlaskClient) -> None:
    assert post_form(visitor, "/admin/login", "/admin/logout").status_code == 303


def test_an_operator_is_added_once(host: HostSettings, app: Flask) -> None:
    with pytest.raises(InvalidRequest, match="already is an operator"):
        add_operator(host.root, EMAIL.upper(), SecretStr(PASSWORD))


@pytest.mark.parametrize(("email", "password"), [("pas une adresse", PASSWORD), ("a@vendor.test", "court")])
def test_an_operator_needs_an_address_and_a_long_password(
    host: HostSettings, email: str, password: str
) -> None:
    with pytest.raises(InvalidRequest):
        add_operator(host.root, email, SecretStr(password))


def test_passwords_and_sign_ins_are_kept_as_hashes_in_a_private_file(
    host: HostSettings, operator: FlaskClient
) -> None:
    path = host.layout.admin / "admin.sqlite3"
    content = b"".join(file.read_bytes() for file in host.layout.admin.iterdir())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(host.layout.admin.stat().st_mode) == 0o700
    assert PASSWORD.encode() not in content
    with sqlite3.connect(path) as connection:
        (stored,) = connection.execute("SELECT password_hash FROM operators").fetchone()
    connection.close()
    assert stored.startswith("$argon2id$")


def test_the_signing_key_survives_a_restart(context: Context, operator: FlaskClient) -> None:
    cookie = operator.get_cookie("tenantry-admin")
    assert cookie is not None
    restarted = create_app(context).test_client()
    restarted.set_cookie("tenantry-admin", cookie.value)

    assert restarted.get("/admin/clients").status_code == 200


def test_a_link_in_place_of_the_database_is_refused(host: HostSettings, tmp_path: Path) -> None:
    host.layout.admin.mkdir()
    (host.layout.admin / "admin.sqlite3").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match=r"admin\.sqlite3"):
        add_operator(host.root, EMAIL, SecretStr(PASSWORD))


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://admin.localhost:8080", 303),
        ("http://admin.localhost", 403),
        ("http://dupont.localhost:8080", 403),
        ("http://localhost:8080", 403),
    ],
)
def test_behind_nginx_which_hides_the_port_only_the_public_address_may_sign_in(
    app: Flask, origin: str, status: int
) -> None:
    base = "http://admin.localhost"
    browser = app.test_client()
    token = csrf_token(browser.get("/admin/login", base_url=base).get_data(as_text=True))

    form = {"csrf_token": token, "email": EMAIL, "password": PASSWORD}
    answer = browser.post("/admin/login", base_url=base, data=form, headers={"Origin": origin})

    assert answer.status_code == status
