"""A view of this machine in which every user can reach Python and the code, wherever they are installed.

Per-tenant users need that. A checkout or an interpreter often lies in a closed home directory: in a mount
namespace of its own, each closed directory on the way is replaced by an open one that shows only the next
step. Nothing outside the namespace changes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioner import installation

_VIEW = """
set -e
hold=$1; shift
while [ $# -gt 0 ]; do
    closed=$1; way=$2; shift 2
    mkdir -p "$hold"
    mount --bind "$closed" "$hold"
    mount -t tmpfs -o mode=755 tmpfs "$closed"
    if [ -d "$hold/$way" ]; then mkdir -p "$closed/$way"; else touch "$closed/$way"; fi
    mount --bind "$hold/$way" "$closed/$way"
done
echo ready
exec sleep infinity
"""


@contextmanager
def open_ways(folder: Path) -> Iterator[list[str]]:
    """Return the words to put before a command so that it runs in such a view. Needs root."""
    words = [word for closed, way in _closed_steps() for word in (str(closed), way)]
    unshare = ["unshare", "-m", "--propagation", "private", "sh", "-c", _VIEW, "sh", str(folder / "hold")]
    with subprocess.Popen([*unshare, *words], stdout=subprocess.PIPE, text=True) as view:
        try:
            assert view.stdout is not None
            assert view.stdout.readline() == "ready\n"
            yield ["nsenter", "-t", str(view.pid), "-m", "--"]
        finally:
            view.kill()


def _closed_steps() -> list[tuple[Path, str]]:
    """Each closed directory on the way to the interpreter and the code, with the next step beyond it."""
    steps: dict[Path, str] = {}
    for target in (Path(sys.executable).resolve(), Path(sys.prefix), installation.CODE):
        for parent in reversed(target.parents):
            if parent.stat().st_mode & 0o001 == 0 and parent not in steps:
                steps[parent] = target.relative_to(parent).parts[0]
    return list(steps.items())
