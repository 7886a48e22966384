"""Reads what drivers have written before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from provisioner.filesystem import digest, is_directory_as_made
from provisioner.steps import MakeDirectory

_PORT: Final = re.compile(r"^PORT=['\"]?(\d+)['\"]?$", re.MULTILINE)


def ports_in(env: str | None) -> frozenset[int]:
    """Return the port a `.env` names; None, and one without any, name none."""
    return frozenset(int(found) for found in _PORT.findall(env or ""))


def digests(paths: Iterable[Path]) -> Mapping[Path, str]:
    """Return the SHA-256 of each of these files that exists."""
    found: dict[Path, str] = {}
    for path in paths:
        try:
            found[path] = digest(path.read_bytes())
        except FileNotFoundError:
            continue
    return found


def all_made(directories: Iterable[MakeDirectory]) -> bool:
    """Say whether every one is there as it shall be: one cut off while it was made has not its mode yet."""
    return all(is_directory_as_made(one.path, one.mode, one.owner, one.group) for one in directories)
