"""Who is asking: the acting user, key or operator, and what they may do."""

from dataclasses import dataclass
from typing import Literal

from tenant_app.accounts.roles import ALL_PERMISSIONS
from tenant_app.accounts.scopes import permissions_of_key

Credential = Literal["session", "jwt", "api_key", "operator"]


@dataclass(frozen=True)
class Actor:
    """The author of one request.

    ``user_id`` is None for an API key and for the operator; ``session_id`` is the sign-in a cookie or a token
    belongs to, ``key_id`` the API key, ``scopes`` what that key is limited to: nothing when there are none.
    """

    user_id: int | None
    name: str
    role: str
    permissions: frozenset[str]
    credential: Credential
    key_id: int | None = None
    session_id: str | None = None
    scopes: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        """Return whether the actor holds the permission."""
        return permission in self.permissions


OPERATOR = Actor(
    user_id=None, name="operator", role="operator", permissions=ALL_PERMISSIONS, credential="operator"
)
"""The vendor's provisioner, through ``/internal`` or ``python -m tenant_app admin``."""


def key_actor(key_id: int, name: str, scopes: frozenset[str] = frozenset()) -> Actor:
    """Return the actor of an API key: what a member may do within its scopes, without being a user."""
    return Actor(
        user_id=None,
        name=name,
        role="member",
        permissions=permissions_of_key(scopes),
        credential="api_key",
        key_id=key_id,
        scopes=scopes,
    )
