"""The built-in roles: named sets of permissions."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Role = Literal["admin", "member", "viewer"]

ALL_PERMISSIONS = frozenset(
    {
        "chat",
        "documents.read",
        "documents.write",
        "cases.read",
        "cases.write",
        "cases.manage",
        "users.manage",
        "keys.manage",
        "usage.read",
    }
)
"""``cases.manage`` is seeing every case; without it, one sees those one is a member of."""

ROLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "admin": ALL_PERMISSIONS,
        "member": frozenset(
            {"chat", "documents.read", "documents.write", "cases.read", "cases.write", "usage.read"}
        ),
        "viewer": frozenset({"chat", "documents.read", "cases.read"}),
    }
)

assert frozenset(ROLES) == frozenset(get_args(Role))


def permissions_of(role: str) -> frozenset[str]:
    """Return what the role may do. Raises KeyError for a role that does not exist."""
    return ROLES[role]
