"""The firm's own roles, on the page of its people: made, changed and removed by plain forms."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from tenant_app.accounts.schemas import NewRole, RolePermissions
from tenant_app.api.context import current_services
from tenant_app.errors import TenantAppError
from tenant_app.web.forms import form_body
from tenant_app.web.frame import page
from tenant_app.web.user_pages import users_page

P = ParamSpec("P")


def _changing(action: Callable[P, None]) -> Callable[P, BaseResponse]:
    """Turn what a form does into a page: back to the roles, or the page again with the refusal."""

    @wraps(action)
    def answered(*args: P.args, **kwargs: P.kwargs) -> BaseResponse:
        try:
            action(*args, **kwargs)
        except TenantAppError as refusal:
            answer = make_response(users_page(refusal))
            answer.status_code = refusal.status
            return answer
        return redirect(url_for("web.users", _anchor="roles"), 303)

    return answered


@page("users.manage")
@_changing
def create_role() -> None:
    """Create a role."""
    wanted = form_body(NewRole, name=request.form.get("name", "").strip(), permissions=_ticked())
    current_services().accounts.roles.create(wanted.name, wanted.permissions)


@page("users.manage")
@_changing
def change_role(role_id: int) -> None:
    """Replace what a role permits."""
    wanted = form_body(RolePermissions, permissions=_ticked())
    current_services().accounts.roles.change(role_id, wanted.permissions)


@page("users.manage")
@_changing
def remove_role(role_id: int) -> None:
    """Remove a role that nobody has."""
    current_services().accounts.roles.remove(role_id)


def _ticked() -> list[str]:
    return request.form.getlist("permission")
