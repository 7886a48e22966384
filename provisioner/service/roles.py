"""`role`: what the people of one client may do, beyond the built-in roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioner.service.context import Context
from provisioner.service.operations import operate


def all_of(context: Context, tenant_id: str) -> list[dict[str, Any]]:
    """Return the roles, built-in ones first, with how many users have each."""
    return list(operate(context, tenant_id, "role-list", {})["roles"])


def new(context: Context, tenant_id: str, name: str, permissions: Sequence[str]) -> dict[str, Any]:
    """Make a role of the client's own."""
    return operate(context, tenant_id, "role-new", {"name": name, "permissions": permissions})


def change(context: Context, tenant_id: str, name: str, permissions: Sequence[str]) -> dict[str, Any]:
    """Replace what a role of the client's own permits."""
    return operate(context, tenant_id, "role-set", {"name": name, "permissions": permissions})


def remove(context: Context, tenant_id: str, name: str) -> dict[str, Any]:
    """Remove a role that nobody has."""
    return operate(context, tenant_id, "role-remove", {"name": name})
