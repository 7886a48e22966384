"""Reads what drivers have written before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from provisioner.filesystem import digest


def digests(paths: Iterable[Path]) -> Mapping[Path, str]:
    """Return the SHA-256 of each of these files that exists."""
    found: dict[Path, str] = {}
    for path in paths:
        try:
            found[path] = digest(path.read_bytes())
        except FileNotFoundError:
            continue
    return found
