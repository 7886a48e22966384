"""The routes of the firm's own roles."""

from flask import Blueprint, Response

from tenant_app.accounts.own_roles import GRANTABLE
from tenant_app.accounts.schemas import NewRole, RoleList, RolePermissions, RoleView
from tenant_app.api.authentication import requires
from tenant_app.api.bodies import answered, json_body
from tenant_app.api.context import current_services
from tenant_app.api.documentation import documented

blueprint = Blueprint("roles", __name__)


@blueprint.get("/api/roles")
@documented(summary="Les rôles", answer=RoleList, errors=[401, 403])
@requires("users.manage")
def list_roles() -> Response:
    """List the built-in roles and the firm's own."""
    roles = [RoleView.of(role) for role in current_services().accounts.roles.list_all()]
    return answered(RoleList(roles=roles, grantable=sorted(GRANTABLE)))


@blueprint.post("/api/roles")
@documented(
    summary="Créer un rôle", body=NewRole, answer=RoleView, status=201, errors=[400, 401, 403, 409, 415]
)
@requires("users.manage")
def create_role() -> Response:
    """Create a role of the firm's own."""
    wanted = json_body(NewRole)
    role = current_services().accounts.roles.create(wanted.name, wanted.permissions)
    return answered(RoleView.of(role), 201)


@blueprint.patch("/api/roles/<int:role_id>")
@documented(
    summary="Changer ce que permet un rôle",
    body=RolePermissions,
    answer=RoleView,
    errors=[400, 401, 403, 404, 415],
)
@requires("users.manage")
def change_role(role_id: int) -> Response:
    """Replace what a role permits; it holds at once for everybody who has it."""
    permissions = json_body(RolePermissions).permissions
    return answered(RoleView.of(current_services().accounts.roles.change(role_id, permissions)))


@blueprint.delete("/api/roles/<int:role_id>")
@documented(summary="Supprimer un rôle que personne n'a", status=204, errors=[401, 403, 404, 409])
@requires("users.manage")
def remove_role(role_id: int) -> Response:
    """Remove a role that nobody has."""
    current_services().accounts.roles.remove(role_id)
    return Response(status=204)
