"""Which users and groups this system knows."""

from __future__ import annotations

import grp
import pwd


def user_exists(name: str) -> bool:
    """Say whether there is a user of that name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def group_exists(name: str) -> bool:
    """Say whether there is a group of that name."""
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
