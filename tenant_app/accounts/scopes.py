"""What an API key may be limited to: named sets of a member's permissions, which add up."""

from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import Literal, get_args

from tenant_app.accounts.roles import permissions_of

Scope = Literal["chat", "documents", "read-only"]

SCOPES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "chat": frozenset({"chat"}),
        "documents": frozenset({"documents.read", "documents.write"}),
        "read-only": frozenset({"documents.read", "cases.read", "usage.read"}),
    }
)
"""``chat`` asks, also as OpenAI's clients do; ``documents`` reads, changes and searches the library;
``read-only`` reads documents, cases and usage, and searches."""

assert frozenset(SCOPES) == frozenset(get_args(Scope))


def permissions_of_key(scopes: Set[str]) -> frozenset[str]:
    """Return what a key of these scopes may do: all that a member may when there are none."""
    member = permissions_of("member")
    return member.intersection(frozenset().union(*(SCOPES[scope] for scope in scopes))) if scopes else member


def scopes_granting(permission: str) -> list[str]:
    """Return the scopes with which a key would hold the permission; none when only a key without may."""
    return [scope for scope, granted in SCOPES.items() if permission in granted]
