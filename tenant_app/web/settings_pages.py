"""One's own account, how the pages look, the programs' keys, and what this instance is."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from pydantic import SecretStr
from werkzeug.wrappers import Response as BaseResponse

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.passwords import LONGEST, SHORTEST
from tenant_app.accounts.schemas import KeyView
from tenant_app.accounts.scopes import Scope
from tenant_app.api.authentication import end_page_session
from tenant_app.api.context import current_actor, current_services
from tenant_app.errors import Forbidden, InvalidInput, TenantAppError
from tenant_app.settings import Settings
from tenant_app.web import formats
from tenant_app.web.frame import page
from tenant_app.web.preferences import theme_names

PASSWORD_CHANGED = "password"  # noqa: S105 - what an address says was done
SESSION_ENDED = "session"
SESSIONS_ENDED = "sessions"


@dataclass(frozen=True)
class Fact:
    """One thing the plan or the operator decided."""

    label: str
    value: str


@page(None)
def settings() -> Response:
    """Show everything one may set or know."""
    return _page()


@page(None)
def change_password() -> BaseResponse:
    """Replace one's own password, or show the form again with the reason it was refused."""
    try:
        _change_password(current_actor())
    except TenantAppError as refusal:
        answer = _page(refusal=refusal)
        answer.status_code = refusal.status
        return answer
    return redirect(url_for("web.settings", done=PASSWORD_CHANGED, _anchor="password"), 303)


def _change_password(actor: Actor) -> None:
    current, new, again = (request.form.get(name, "") for name in ("current", "new", "again"))
    if actor.user_id is None:
        raise Forbidden(lazy_gettext("Une clé d'API n'a pas de mot de passe."))
    if new != again:
        raise InvalidInput(lazy_gettext("Les deux saisies du nouveau mot de passe diffèrent."))
    accounts = current_services().accounts
    accounts.anonymous_rate.count(request.remote_addr or "")
    accounts.users.change_own_password(
        actor.user_id, actor.session_id, SecretStr(current[: LONGEST + 1]), SecretStr(new)
    )


@page(None)
def erase_account() -> BaseResponse:
    """Erase one's own account for good, or show the form again with the reason it stays."""
    services = current_services()
    try:
        services.accounts.anonymous_rate.count(request.remote_addr or "")
        password = request.form.get("password", "")[: LONGEST + 1]
        services.personal_data.erasing.erase(current_actor(), SecretStr(password))
    except TenantAppError as refusal:
        answer = _page(kept=refusal)
        answer.status_code = refusal.status
        return answer
    end_page_session()
    return redirect(url_for("web.sign_in", erased=""), 303)


@page(None)
def end_other_sessions() -> BaseResponse:
    """End every sign-in of one's own but this one."""
    current_services().accounts.sessions.close_others(current_actor())
    return redirect(url_for("web.settings", done=SESSIONS_ENDED, _anchor="sessions"), 303)


@page(None)
def end_session(session_id: str) -> BaseResponse:
    """End one of one's own sign-ins; raises NotFound for any other."""
    current_services().accounts.sessions.close_own(current_actor(), session_id)
    return redirect(url_for("web.settings", done=SESSION_ENDED, _anchor="sessions"), 303)


@page("keys.manage")
def key_rows() -> str:
    """Return the list of keys alone, for a page that has made or revoked one."""
    return render_template("key_rows.html", **_keys())


def _page(refusal: TenantAppError | None = None, kept: TenantAppError | None = None) -> Response:
    """Return the page; ``refusal`` is why a password stays as it is, ``kept`` why an account does."""
    services = current_services()
    actor = current_actor()
    return make_response(
        render_template(
            "settings.html",
            themes=theme_names(),
            sessions=services.accounts.sessions.list_own(actor),
            refusal=refusal,
            kept=kept,
            done=request.args.get("done"),
            shortest_password=SHORTEST,
            longest_password=LONGEST,
            facts=facts(services.settings) if actor.may("users.manage") else (),
            **(_keys() if actor.may("keys.manage") else {}),
        )
    )


def _keys() -> dict[str, object]:
    services = current_services()
    return {
        "key_scopes": _scope_meanings(),
        "key_limits": _key_limits,
        "keys": [KeyView.of(key) for key in services.accounts.keys.list_live()],
        "key_limit": services.settings.max_api_keys,
    }


def _scope_meanings() -> Mapping[Scope, str]:
    """Return what each scope lets a key do, in words."""
    return {
        "chat": gettext("Interroger l’assistant, aussi comme le font les clients d’OpenAI"),
        "documents": gettext("Lire, ajouter, remplacer, supprimer et chercher des documents"),
        "read-only": gettext("Lire les documents, les dossiers et la consommation, et chercher"),
    }


def _key_limits(key: KeyView) -> list[str]:
    """Return each limit of a key in words."""
    names: Mapping[Scope, str] = {
        "chat": gettext("questions"),
        "documents": gettext("documents"),
        "read-only": gettext("lecture seule"),
    }
    limits = [", ".join(names[scope] for scope in key.scopes)] if key.scopes else []
    if key.expires_on:
        limits.append(gettext("jusqu’au %(day)s", day=formats.day(key.expires_on)))
    if key.requests_monthly:
        limits.append(gettext("%(number)s par mois", number=formats.number(key.requests_monthly)))
    if key.requests_per_minute:
        limits.append(gettext("%(number)s par minute", number=formats.number(key.requests_per_minute)))
    return limits


def facts(settings: Settings) -> tuple[Fact, ...]:
    """Return what the plan allows and how the assistant works, in words."""
    return (
        Fact(gettext("Formule"), settings.subscription_plan.capitalize()),
        Fact(gettext("Utilisateurs"), formats.number(settings.max_users)),
        Fact(gettext("Dossiers"), _limit(settings.max_cases)),
        Fact(gettext("Requêtes par mois"), _limit(settings.max_requests_monthly)),
        Fact(gettext("Requêtes par minute"), formats.number(settings.max_requests_per_minute)),
        Fact(gettext("Analyses par mois"), _limit(settings.max_analysis_monthly)),
        Fact(gettext("Taille d’un fichier"), formats.size(settings.upload_bytes)),
        Fact(gettext("Espace pour les documents"), formats.size(settings.storage_bytes)),
        Fact(gettext("Rédaction des réponses"), _writer(settings)),
        Fact(gettext("Modèle de recherche"), settings.embedding_model),
        Fact(gettext("Assistance"), settings.support_contact or gettext("Non renseignée")),
    )


def _limit(allowed: int | None) -> str:
    return str(gettext("Sans limite")) if allowed is None else formats.number(allowed)


def _writer(settings: Settings) -> str:
    if settings.openai_base_url is None:
        return str(gettext("Extraits de vos documents, sans modèle de langage (mode local)"))
    return str(gettext("Modèle de langage %(model)s", model=settings.llm_model))
