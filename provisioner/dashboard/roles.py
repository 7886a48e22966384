"""What each role may do, and who is acting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do; each may do all that those before may."""

    VIEWER = "viewer"
    """Sees the clients, never their money."""
    OPERATOR = "operator"
    """Acts on them."""
    OWNER = "owner"
    """Sees the money, and decides who may sign in."""

    def covers(self, wanted: Role) -> bool:
        """Say whether whoever has this role may do what asks for `wanted`."""
        order = list(Role)
        return order.index(self) >= order.index(wanted)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who is signed in, or a token: `name` is what events are recorded under."""

    name: str
    role: Role

    def may(self, wanted: Role) -> bool:
        """Say whether this one may do what asks for a role."""
        return self.role.covers(wanted)

    @property
    def acts(self) -> bool:
        """Whether clients may be changed."""
        return self.may(Role.OPERATOR)

    @property
    def owns(self) -> bool:
        """Whether money is shown, and people and tokens are managed."""
        return self.may(Role.OWNER)
