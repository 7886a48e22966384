"""The routes of links good once: choosing a password, seeing a first key, asking for a way back in."""

from flask import Blueprint, Response, request
from flask_babel import get_locale

from tenant_app.accounts.models import User
from tenant_app.accounts.schemas import ChosenPassword, CreatedKey, ForgottenPassword, LinkView, UsedLink
from tenant_app.api.authentication import requires
from tenant_app.api.bodies import answered, json_body
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.documentation import documented

blueprint = Blueprint("links", __name__)


@blueprint.post("/api/auth/password")
@documented(
    summary="Choisir son mot de passe avec un lien",
    body=ChosenPassword,
    status=204,
    errors=[400, 429],
    open=True,
)
def choose_password() -> Response:
    """Give the password to whoever the link is for; it is good once."""
    accounts = current_services().accounts
    accounts.anonymous_rate.count(request.remote_addr or "")
    chosen = json_body(ChosenPassword)
    accounts.links.redeem(chosen.token, chosen.new_password)
    return Response(status=204)


@blueprint.post("/api/auth/key")
@documented(
    summary="Voir sa première clé d'API avec un lien (montrée une seule fois)",
    body=UsedLink,
    answer=CreatedKey,
    status=201,
    errors=[400, 429],
    open=True,
)
def see_key() -> Response:
    """Show the key, which is a new one: the link is good once, and the key before it ends."""
    accounts = current_services().accounts
    accounts.anonymous_rate.count(request.remote_addr or "")
    return answered(CreatedKey.created(accounts.key_links.redeem(json_body(UsedLink).token)), 201)


@blueprint.post("/api/auth/forgotten")
@documented(
    summary="Recevoir par e-mail un lien pour choisir un nouveau mot de passe",
    body=ForgottenPassword,
    status=204,
    errors=[400, 409, 429],
    open=True,
)
def forgotten() -> Response:
    """Have a link sent; the answer is the same whether the address has an account or not."""
    accounts = current_services().accounts
    accounts.anonymous_rate.count(request.remote_addr or "")
    accounts.ask_for_reset(json_body(ForgottenPassword).email, str(get_locale()))
    return Response(status=204)


@blueprint.post("/api/users/<int:user_id>/link")
@documented(
    summary="Donner à un utilisateur un lien pour choisir son mot de passe (montré une seule fois)",
    answer=LinkView,
    status=201,
    errors=[401, 403, 404],
)
@requires("users.manage")
def issue_link(user_id: int) -> Response:
    """Show a new link, once; until it is used, the password there is goes on being accepted."""
    return answered(link_for(current_services().accounts.users.get(user_id)), 201)


def link_for(user: User) -> LinkView:
    """Issue a link to a user, and have it mailed where the host sends mail."""
    services = current_services()
    accounts = services.accounts
    link = accounts.links.issue(user.id)
    actor = current_actor()
    inviter = accounts.users.get(actor.user_id).email if actor.user_id is not None else ""
    accounts.outbox.put("invitation", user.email, link, inviter=inviter, language=str(get_locale()))
    return LinkView.of(link, services.settings.public_url, mailed=accounts.outbox.sends)
