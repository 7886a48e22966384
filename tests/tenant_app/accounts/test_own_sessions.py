"""Somebody sees where they are signed in, and ends a sign-in that is not theirs to keep."""

import pytest
from pydantic import SecretStr

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.sessions import PAGE_LIFETIME
from tenant_app.errors import NotFound, Unauthenticated
from tenant_app.services import Services
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.conftest import PASSWORD


def signed_in(services: Services, email: str) -> tuple[str, Actor]:
    """Return the cookie and the actor of a new user in a browser."""
    user = services.accounts.users.create(email, "member", SecretStr(PASSWORD)).user
    cookie = services.accounts.sessions.open_page(user.id)
    return cookie, services.accounts.sessions.actor_of_cookie(cookie)


def test_one_s_sign_ins_are_listed_while_they_are_good(services: Services, clock: FixedClock) -> None:
    _, marie = signed_in(services, "marie@dupont.test")
    signed_in(services, "paul@dupont.test")
    assert marie.user_id is not None
    services.accounts.sessions.open_api(marie.user_id)

    assert len(services.accounts.sessions.list_own(marie)) == 2
    clock.advance(seconds=PAGE_LIFETIME.total_seconds())
    assert [one.cookie_hash for one in services.accounts.sessions.list_own(marie)] == [None]


def test_a_sign_in_that_is_ended_stops_at_once(services: Services) -> None:
    cookie, marie = signed_in(services, "marie@dupont.test")
    assert marie.session_id is not None

    services.accounts.sessions.close_own(marie, marie.session_id)

    with pytest.raises(Unauthenticated):
        services.accounts.sessions.actor_of_cookie(cookie)
    with pytest.raises(NotFound):
        services.accounts.sessions.close_own(marie, marie.session_id)


def test_the_sign_in_of_another_is_not_found(services: Services) -> None:
    _, marie = signed_in(services, "marie@dupont.test")
    cookie, paul = signed_in(services, "paul@dupont.test")
    assert paul.session_id is not None

    with pytest.raises(NotFound):
        services.accounts.sessions.close_own(marie, paul.session_id)

    assert services.accounts.sessions.actor_of_cookie(cookie).user_id == paul.user_id
