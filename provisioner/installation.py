"""How to start our own programs again: with this interpreter, finding this code.

Several versions may be installed beside each other. Which one a client runs is written in its directory.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioner import __version__

_NAME: Final = "python3"


def _one_name(executable: Path) -> str:
    """The same interpreter by the name it has everywhere: `python -m …` and a script call it differently."""
    named = executable.with_name(_NAME)
    return str(named) if named.exists() and named.samefile(executable) else str(executable)


PYTHON: Final = _one_name(Path(sys.executable))
"""The interpreter that runs this; inside a virtual environment it finds the environment's packages."""

CODE: Final = Path(__file__).resolve().parents[1]
"""The directory that holds the packages `provisioner` and `tenant_app`: a checkout or site-packages."""

ENVIRONMENT: Final = {"PYTHONPATH": str(CODE)}
"""What `python -m …` needs to find the code of a checkout that is not installed."""


@dataclass(frozen=True, slots=True)
class Release:
    """One installed version: its number, the interpreter that runs it, and the directory of its code."""

    version: str
    python: str
    code: Path

    def __str__(self) -> str:
        return f"{self.version} at {self.code}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What `python -m …` needs to find this version's code."""
        return {"PYTHONPATH": str(self.code)}

    def text(self) -> str:
        """Return it as it is written in a client's directory: JSON."""
        document = {"version": self.version, "python": self.python, "code": str(self.code)}
        return json.dumps(document, indent=2) + "\n"


PRESENT: Final = Release(__version__, PYTHON, CODE)
"""The version that this is."""


def written_release(file: Path) -> Release | None:
    """Return the version a client was last brought to; None when nothing readable says so."""
    try:
        document = json.loads(file.read_text("utf-8"))
        return Release(str(document["version"]), str(document["python"]), Path(document["code"]))
    except (FileNotFoundError, ValueError, LookupError, TypeError):
        return None


def open_to_others() -> bool:
    """Say whether another system user could run this interpreter and read this code."""
    return reachable_by_others(Path(PYTHON).resolve()) and reachable_by_others(CODE)


def reachable_by_others(path: Path) -> bool:
    """Say whether users who are neither owner nor group may pass through every directory to `path`.

    Parents that do not exist yet do not stand in the way.
    """
    return all(_passable(place) for place in (path, *path.parents))


def _passable(place: Path) -> bool:
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        return True
    needed = stat.S_IXOTH if stat.S_ISDIR(mode) or os.access(place, os.X_OK) else stat.S_IROTH
    return bool(mode & needed)
