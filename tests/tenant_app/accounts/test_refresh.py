"""Refresh tokens are good once; one used twice was copied, and ends the whole sign-in."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tenant_app.accounts.models import RefreshToken, SignInSession
from tenant_app.accounts.sessions import TokenPair
from tenant_app.errors import Unauthenticated
from tenant_app.services import Services
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.conftest import SignUp


@pytest.fixture
def tokens(services: Services, sign_up: SignUp) -> TokenPair:
    sign_up("admin@dupont.test", "admin")
    sign_up("marie@dupont.test", "member")
    return services.accounts.sessions.open_api(2)


def renew(client: FlaskClient, token: str) -> tuple[int, dict[str, str]]:
    answer = client.post("/api/auth/refresh", json={"refresh_token": token})
    assert answer.json is not None
    return answer.status_code, answer.json


def whoami(client: FlaskClient, access_token: str) -> int:
    return client.get("/api/me", headers={"Authorization": f"Bearer {access_token}"}).status_code


def test_each_renewal_gives_new_tokens(client: FlaskClient, tokens: TokenPair, clock: FixedClock) -> None:
    token = tokens.refresh_token
    for _ in range(3):
        clock.advance(minutes=20)
        status, new = renew(client, token)
        assert status == 200
        assert whoami(client, new["access_token"]) == 200
        assert new["refresh_token"] != token
        token = new["refresh_token"]


def test_a_token_used_twice_ends_the_sign_in_for_the_thief_and_the_owner(
    client: FlaskClient, tokens: TokenPair
) -> None:
    _, first = renew(client, tokens.refresh_token)
    assert renew(client, tokens.refresh_token)[0] == 401
    assert renew(client, first["refresh_token"])[0] == 401
    assert whoami(client, first["access_token"]) == 401


def test_other_sign_ins_of_the_user_go_on(client: FlaskClient, tokens: TokenPair, services: Services) -> None:
    other = services.accounts.sessions.open_api(2)
    renew(client, tokens.refresh_token)
    renew(client, tokens.refresh_token)
    assert renew(client, other.refresh_token)[0] == 200


def test_of_parallel_renewals_of_one_token_one_passes_at_most(
    app: Flask, services: Services, tokens: TokenPair
) -> None:
    def attempt(_: int) -> bool:
        try:
            services.accounts.sessions.renew(tokens.refresh_token)
        except Unauthenticated:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(8))).count(True) == 1


def test_a_sign_in_lasts_thirty_days_at_most(
    client: FlaskClient, tokens: TokenPair, clock: FixedClock
) -> None:
    clock.advance(days=29)
    status, new = renew(client, tokens.refresh_token)
    assert status == 200
    clock.advance(days=1)
    assert renew(client, new["refresh_token"])[0] == 401


def test_sign_ins_that_are_over_are_not_kept(
    services: Services, tokens: TokenPair, clock: FixedClock
) -> None:
    clock.advance(days=31)
    services.accounts.sessions.open_api(1)
    with services.database.read() as session:
        assert session.query(SignInSession).count() == 1
        assert session.query(RefreshToken).count() == 1


def test_logging_out_ends_both_tokens(client: FlaskClient, tokens: TokenPair) -> None:
    bearer = {"Authorization": f"Bearer {tokens.access_token}"}
    assert client.post("/api/auth/logout", headers=bearer).status_code == 204
    assert whoami(client, tokens.access_token) == 401
    assert renew(client, tokens.refresh_token)[0] == 401


@pytest.mark.parametrize(
    "body", [{}, {"refresh_token": None}, {"refresh_token": ""}, {"refresh_token": ["x"]}]
)
def test_an_empty_null_or_list_token_is_invalid(client: FlaskClient, body: object) -> None:
    assert client.post("/api/auth/refresh", json=body).status_code == 400


def test_an_unknown_token_or_an_access_token_renews_nothing(client: FlaskClient, tokens: TokenPair) -> None:
    assert renew(client, "unknown")[0] == 401
    assert renew(client, tokens.access_token[:200])[0] == 401


def test_renewals_are_limited_by_address(client: FlaskClient, tokens: TokenPair) -> None:
    statuses = [renew(client, "unknown")[0] for _ in range(11)]
    assert statuses == [401] * 10 + [429]
