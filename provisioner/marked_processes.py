"""Finds the processes of one root of the local driver, whether a supervisor knows of them or not.

They carry the variable `TENANTRY_PROGRAM=<root>:<program>`. nginx writes over its environment: it is known by
the directory it works in.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

MARK: Final = "TENANTRY_PROGRAM"
_PROCESSES: Final = Path("/proc")


def find(marker: str, nginx_directory: Path, program: str = "") -> Sequence[int]:
    """Return the processes of a root, or of one program, as far as this user may see; never this one."""
    mark = f"{MARK}={marker}:{program}".encode()
    places = (place for place in _PROCESSES.iterdir() if place.name.isdigit())
    found = (int(place.name) for place in places if _is_meant(place, mark, nginx_directory, program))
    return sorted(pid for pid in found if pid != os.getpid())


def _is_meant(place: Path, mark: bytes, nginx_directory: Path, program: str) -> bool:
    try:
        if (place / "comm").read_text() == "nginx\n":
            return program in ("", "nginx") and (place / "cwd").readlink() == nginx_directory
        variables = (place / "environ").read_bytes().split(b"\0")
    except OSError:
        return False  # it has ended meanwhile, or belongs to another user
    if program:
        return mark in variables
    return any(variable.startswith(mark) for variable in variables)
