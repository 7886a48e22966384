"""Reads a file with a secret, if it is kept as one."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

LARGEST: Final = 64 * 1024
_OPEN_TO_OTHERS: Final = 0o077


def private_text(file: Path, away_from: Sequence[Path]) -> str:
    """Return the text of a regular file that none but its owner can read; ValueError says what is wrong."""
    place = file.resolve()
    for folder in away_from:
        if place.is_relative_to(folder.resolve()):
            raise ValueError(f"a key does not belong in {folder}, beside the backups it opens")
    try:
        # Without O_NONBLOCK, a pipe in its place would hold the command up for ever.
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as stream:
        now = os.fstat(descriptor)
        if not stat.S_ISREG(now.st_mode) or now.st_size > LARGEST:
            raise ValueError("it is no file of a few lines")
        if stat.S_IMODE(now.st_mode) & _OPEN_TO_OTHERS or now.st_uid not in (0, os.geteuid()):
            raise ValueError("others than you can read or change it")
        try:
            return stream.read().decode()
        except UnicodeDecodeError:
            raise ValueError("it is no text") from None
