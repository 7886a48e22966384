"""`user`: the people of one client."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from provisioner.service.context import Context
from provisioner.service.operations import operate


def add(
    context: Context, tenant_id: str, email: str, role: str, password: SecretStr | None
) -> dict[str, Any]:
    """Add a user; the answer holds the generated password when none was given."""
    return operate(
        context, tenant_id, "user-add", {"email": email, "role": role, "password": _shown(password)}
    )


def all_of(context: Context, tenant_id: str) -> list[dict[str, Any]]:
    """Return the client's users."""
    return list(operate(context, tenant_id, "user-list", {})["users"])


def reset_password(
    context: Context, tenant_id: str, email: str, password: SecretStr | None
) -> dict[str, Any]:
    """Give a user a new password and end their sessions; the answer holds a generated one."""
    return operate(context, tenant_id, "user-reset-password", {"email": email, "password": _shown(password)})


def remove(context: Context, tenant_id: str, email: str) -> dict[str, Any]:
    """Remove a user."""
    return operate(context, tenant_id, "user-remove", {"email": email})


def _shown(password: SecretStr | None) -> str | None:
    return password.get_secret_value() if password else None
