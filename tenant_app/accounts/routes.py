"""The routes of accounts: signing in by API, oneself, users and keys."""

from datetime import timedelta

from flask import Blueprint, Response, request
from flask_babel import lazy_gettext

from tenant_app.accounts.link_routes import link_for
from tenant_app.accounts.schemas import (
    CreatedKey,
    Credentials,
    InvitedUser,
    KeyList,
    KeyOverlap,
    KeyView,
    Me,
    NewApiKey,
    NewUser,
    PasswordChange,
    Renewal,
    Tokens,
    UserChange,
    UserList,
    UserView,
)
from tenant_app.api.authentication import requires, signed_in
from tenant_app.api.bodies import answered, json_body
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.documentation import documented
from tenant_app.errors import Forbidden

blueprint = Blueprint("accounts", __name__)


@blueprint.post("/api/auth/login")
@documented(summary="Obtenir des jetons", body=Credentials, answer=Tokens, errors=[400, 401, 429], open=True)
def login() -> Response:
    """Exchange an address and a password for tokens."""
    accounts = current_services().accounts
    accounts.anonymous_rate.count(request.remote_addr or "")
    credentials = json_body(Credentials)
    user_id = accounts.sign_in.check(credentials.email, credentials.password)
    return answered(Tokens.of(accounts.sessions.open_api(user_id)))


@blueprint.post("/api/auth/refresh")
@documented(summary="Renouveler les jetons", body=Renewal, answer=Tokens, errors=[400, 401, 429], open=True)
def refresh() -> Response:
    """Exchange a refresh token, good once, for new tokens."""
    accounts = current_services().accounts
    accounts.anonymous_rate.count(request.remote_addr or "")
    renewal = json_body(Renewal)
    return answered(Tokens.of(accounts.sessions.renew(renewal.refresh_token.get_secret_value())))


@blueprint.post("/api/auth/logout")
@documented(summary="Se déconnecter", status=204, errors=[401, 403])
@signed_in
def logout() -> Response:
    """End the sign-in the credential belongs to: its access and refresh tokens stop at once."""
    session_id = current_actor().session_id
    if session_id is None:
        raise Forbidden(lazy_gettext("Une clé d'API ne se déconnecte pas ; révoquez-la."))
    current_services().accounts.sessions.close(session_id)
    return Response(status=204)


@blueprint.get("/api/me")
@documented(summary="Qui je suis", answer=Me, errors=[401, 403])
@signed_in
def me() -> Response:
    """Tell who asks and what they may do."""
    return answered(Me.of(current_actor()))


@blueprint.post("/api/me/password")
@documented(summary="Changer son mot de passe", body=PasswordChange, status=204, errors=[400, 401, 403, 429])
@signed_in
def change_password() -> Response:
    """Replace one's own password; every other sign-in of the user ends."""
    actor = current_actor()
    change = json_body(PasswordChange)
    if actor.user_id is None:
        raise Forbidden(lazy_gettext("Une clé d'API n'a pas de mot de passe."))
    accounts = current_services().accounts
    accounts.anonymous_rate.count(request.remote_addr or "")
    accounts.users.change_own_password(
        actor.user_id, actor.session_id, change.current_password, change.new_password
    )
    return Response(status=204)


@blueprint.get("/api/users")
@documented(summary="Les utilisateurs", answer=UserList, errors=[401, 403])
@requires("users.manage")
def list_users() -> Response:
    """List every user."""
    services = current_services()
    users = [UserView.of(user) for user in services.accounts.users.list_all()]
    return answered(UserList(users=users, seats=services.settings.max_users))


@blueprint.post("/api/users")
@documented(
    summary="Créer un utilisateur",
    body=NewUser,
    answer=InvitedUser,
    status=201,
    errors=[400, 401, 403, 409],
)
@requires("users.manage")
def create_user() -> Response:
    """Create a user within the plan's seats."""
    wanted = json_body(NewUser)
    invitation = current_services().accounts.users.create(wanted.email, wanted.role, wanted.password)
    if wanted.link:
        user = invitation.user
        return answered(InvitedUser.with_link(user, link_for(user)), 201)
    return answered(InvitedUser.invited(invitation), 201)


@blueprint.patch("/api/users/<int:user_id>")
@documented(
    summary="Changer le rôle d'un utilisateur, le désactiver ou le réactiver",
    body=UserChange,
    answer=UserView,
    errors=[400, 401, 403, 404, 409],
)
@requires("users.manage")
def change_user(user_id: int) -> Response:
    """Change a user; a disabled one is signed out everywhere at once."""
    change = json_body(UserChange)
    user = current_services().accounts.users.change(user_id, role=change.role, active=change.active)
    return answered(UserView.of(user))


@blueprint.post("/api/users/<int:user_id>/password")
@documented(
    summary="Donner un nouveau mot de passe à un utilisateur (montré une seule fois)",
    answer=InvitedUser,
    errors=[401, 403, 404],
)
@requires("users.manage")
def reset_password(user_id: int) -> Response:
    """Generate a password and show it, once; the user is signed out everywhere."""
    return answered(InvitedUser.invited(current_services().accounts.users.reset_password(user_id)))


@blueprint.delete("/api/users/<int:user_id>")
@documented(summary="Supprimer un utilisateur", status=204, errors=[401, 403, 404, 409])
@requires("users.manage")
def remove_user(user_id: int) -> Response:
    """Erase a user; the last active admin stays."""
    current_services().accounts.users.remove(user_id)
    return Response(status=204)


@blueprint.get("/api/keys")
@documented(summary="Les clés d'API", answer=KeyList, errors=[401, 403])
@requires("keys.manage")
def list_keys() -> Response:
    """List the live keys, by their beginning."""
    services = current_services()
    keys = [KeyView.of(key) for key in services.accounts.keys.list_live()]
    return answered(KeyList(keys=keys, limit=services.settings.max_api_keys))


@blueprint.post("/api/keys")
@documented(
    summary="Créer une clé d'API (montrée une seule fois)",
    body=NewApiKey,
    answer=CreatedKey,
    status=201,
    errors=[400, 401, 403, 409],
)
@requires("keys.manage")
def create_key() -> Response:
    """Create a key and show it, once."""
    wanted = json_body(NewApiKey)
    new = current_services().accounts.keys.create(wanted.name, wanted.terms())
    return answered(CreatedKey.created(new), 201)


@blueprint.post("/api/keys/<int:key_id>/rotate")
@documented(
    summary="Remplacer une clé d'API ; l'ancienne reste acceptée quelques heures",
    body=KeyOverlap,
    answer=CreatedKey,
    status=201,
    errors=[400, 401, 403, 404, 409],
)
@requires("keys.manage")
def rotate_key(key_id: int) -> Response:
    """Create a key in another's place and show it, once."""
    overlap = timedelta(hours=json_body(KeyOverlap).overlap_hours)
    return answered(CreatedKey.created(current_services().accounts.keys.rotate(key_id, overlap)), 201)


@blueprint.delete("/api/keys/<int:key_id>")
@documented(summary="Révoquer une clé d'API", status=204, errors=[401, 403, 404])
@requires("keys.manage")
def revoke_key(key_id: int) -> Response:
    """Stop a key at once and for ever."""
    current_services().accounts.keys.revoke(key_id)
    return Response(status=204)
