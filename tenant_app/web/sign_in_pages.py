"""Signing in and out; all of it works without JavaScript."""

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale, lazy_gettext
from pydantic import SecretStr
from werkzeug.wrappers import Response as BaseResponse

from tenant_app.accounts.passwords import LONGEST, SHORTEST
from tenant_app.api.authentication import (
    authenticate,
    end_page_session,
    page_session_secret,
    start_page_session,
)
from tenant_app.api.context import current_services
from tenant_app.api.csrf import protect_cookie_request
from tenant_app.errors import InvalidInput, RateLimited, TenantAppError, Unauthenticated
from tenant_app.web.language import local_path

LONGEST_EMAIL = 254
_TOLD = ("bye", "ready", "erased")
"""What an address says was done: signed out, a password chosen, or an account erased."""
LONGEST_PASSWORD = 1024


def sign_in() -> BaseResponse:
    """Show the form, or check it and lead to the page that was asked for."""
    target = local_path(request.values.get("next"), url_for("web.assistant"))
    if request.method == "POST":
        return _check(target)
    if _is_signed_in():
        return redirect(target)
    done = next((name for name in _TOLD if name in request.args), None)
    return _form(target, done=done)


def _check(target: str) -> BaseResponse:
    email = request.form.get("email", "").strip()
    try:
        protect_cookie_request()
        secret = _open_session(email, request.form.get("password", ""))
    except TenantAppError as refusal:
        answer = _form(target, email=email, refusal=refusal)
        answer.status_code = refusal.status
        if isinstance(refusal, RateLimited):
            answer.headers["Retry-After"] = str(refusal.retry_after)
        return answer
    start_page_session(secret)
    return redirect(target, 303)


def _open_session(email: str, password: str) -> str:
    """Return the secret of a new browser session; raises the error to show in the form."""
    accounts = current_services().accounts
    accounts.anonymous_rate.count(request.remote_addr or "")
    if not 0 < len(email) <= LONGEST_EMAIL or not 0 < len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(lazy_gettext("Indiquez votre adresse électronique et votre mot de passe."))
    return accounts.sessions.open_page(accounts.sign_in.check(email, SecretStr(password)))


def _is_signed_in() -> bool:
    if page_session_secret() is None:
        return False
    try:
        authenticate()
    except Unauthenticated:
        end_page_session()
        return False
    return True


def _form(
    target: str, *, email: str = "", refusal: TenantAppError | None = None, done: str | None = None
) -> Response:
    return make_response(
        render_template(
            "sign_in.html",
            target=target,
            email=email,
            refusal=refusal,
            done=done,
            sends_mail=current_services().settings.sends_mail,
        )
    )


def welcome() -> str:
    """Show where somebody who holds a link chooses a password; the link is judged when it is used."""
    return render_template("welcome.html", shortest_password=SHORTEST, longest_password=LONGEST)


def first_key() -> str:
    """Show where somebody who holds a link sees the first API key; the link is judged when it is used."""
    return render_template("first_key.html")


def forgotten() -> Response:
    """Show the form, or have a link sent; it says the same whether the address has an account or not."""
    accounts = current_services().accounts
    refusal: TenantAppError | None = None
    email = request.form.get("email", "").strip()
    asked = request.method == "POST"
    try:
        if asked:
            protect_cookie_request()
            accounts.anonymous_rate.count(request.remote_addr or "")
            if not 0 < len(email) <= LONGEST_EMAIL:
                raise InvalidInput(lazy_gettext("Indiquez votre adresse électronique."))
            accounts.ask_for_reset(email, str(get_locale()))
    except TenantAppError as error:
        refusal = error
    page = make_response(
        render_template("forgotten.html", email=email, refusal=refusal, sent=asked and refusal is None)
    )
    page.status_code = refusal.status if refusal else 200
    if isinstance(refusal, RateLimited):
        page.headers["Retry-After"] = str(refusal.retry_after)
    return page


def sign_out() -> BaseResponse:
    """End the sign-in everywhere it was copied to; raises Forbidden for a forged request."""
    protect_cookie_request()
    secret = page_session_secret()
    if secret is not None:
        sessions = current_services().accounts.sessions
        try:
            session_id = sessions.actor_of_cookie(secret).session_id
        except Unauthenticated:
            session_id = None
        if session_id is not None:
            sessions.close(session_id)
    end_page_session()
    return redirect(url_for("web.sign_in", bye=""), 303)
