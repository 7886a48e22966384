"""`key`: one client's API keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.service.context import Context
from provisioner.service.operations import operate


def new(context: Context, tenant_id: str, name: str, limits: Mapping[str, object]) -> dict[str, Any]:
    """Make a key; the answer holds it, this once. `limits` are those of the instance's `KeyLimits`."""
    return operate(context, tenant_id, "key-new", {"name": name, **limits})


def all_of(context: Context, tenant_id: str) -> list[dict[str, Any]]:
    """Return the client's live keys, without the keys themselves."""
    return list(operate(context, tenant_id, "key-list", {})["keys"])


def rotate(context: Context, tenant_id: str, key_id: int, overlap_hours: int) -> dict[str, Any]:
    """Make a key in another's place, which goes on for some hours; the answer holds the new one, once."""
    return operate(context, tenant_id, "key-rotate", {"id": key_id, "overlap_hours": overlap_hours})


def revoke(context: Context, tenant_id: str, key_id: int) -> dict[str, Any]:
    """End a key, at once."""
    return operate(context, tenant_id, "key-revoke", {"id": key_id})
