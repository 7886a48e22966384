"""Where the Chroma stores of a tenant live: ``chroma/store-<n>``, the highest number being the one in use.

A new number is how a store is moved aside: the new one is built beside the old, which is then removed. The
file ``chroma/in-use`` stands while a process has the store open; found at a start, it tells of an unclean
stop.
"""

import shutil
from pathlib import Path
from typing import Final

_PREFIX: Final = "store-"
_MARKER: Final = "in-use"


class StoreDirectories:
    """The directories under one tenant's ``chroma/``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def current(self) -> Path | None:
        """Return the newest store's directory, or None when there is none."""
        stores = self._stores()
        return stores[-1] if stores else None

    def new(self) -> Path:
        """Return a directory, not there yet, that becomes the newest once it is made."""
        current = self.current()
        number = 1 if current is None else _number(current) + 1
        return self._root / f"{_PREFIX}{number}"

    def remove_all_but(self, kept: Path) -> None:
        """Remove every other store."""
        for store in self._stores():
            if store != kept:
                shutil.rmtree(store)

    def was_left_open(self) -> bool:
        """Return whether the last process that used a store ended without closing it."""
        return (self._root / _MARKER).exists()

    def mark_open(self) -> None:
        """Note that this process is about to open a store."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._root / _MARKER).touch(mode=0o600)

    def mark_closed(self) -> None:
        """Note that the store was closed."""
        (self._root / _MARKER).unlink(missing_ok=True)

    def _stores(self) -> list[Path]:
        return sorted((path for path in self._root.glob(f"{_PREFIX}[0-9]*") if path.is_dir()), key=_number)


def _number(store: Path) -> int:
    return int(store.name.removeprefix(_PREFIX))
