"""A browser that signed in on a page: its cookie, and the token its forms carry."""

from dataclasses import dataclass

from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from tenant_app.api.authentication import start_page_session
from tenant_app.services import Services
from tests.tenant_app.environment import PUBLIC_URL


@dataclass(frozen=True)
class Browser:
    """``client`` holds the cookie; ``headers`` are those the page's own scripts send."""

    client: FlaskClient
    csrf_token: str

    @property
    def headers(self) -> dict[str, str]:
        """Return what the page sends with an unsafe request."""
        return {"Origin": PUBLIC_URL, "X-CSRF-Token": self.csrf_token}


def browser(app: Flask, services: Services, user_id: int) -> Browser:
    """Return a browser in which the user has signed in."""
    client = app.test_client()
    client.environ_base["HTTP_HOST"] = PUBLIC_URL.removeprefix("http://")
    with app.test_request_context(base_url=PUBLIC_URL):
        start_page_session(services.accounts.sessions.open_page(user_id))
        token = generate_csrf()
        contents = dict(session)
    with client.session_transaction() as cookie:
        cookie.update(contents)
        cookie.permanent = True
    return Browser(client, token)
