"""A service of a booted machine that is at the limit of its memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.systemd.host import PYTHON
from tests.systemd.machine import Machine

_STOP: Final = "/run/eaters-end"
_EATER: Final = "x = []\nwhile True: x.append(bytes([1]) * 2**22)"
_PATIENCE: Final = 600.0


@contextmanager
def at_its_memory_limit(machine: Machine, unit: str) -> Iterator[None]:
    """Within the unit's limits, have memory asked for until the kernel ends who asks, again and again."""
    group = machine.show(unit, "ControlGroup")["ControlGroup"]
    # Of version 1, which has a hierarchy for each controller, and of version 2.
    join = f"for g in /sys/fs/cgroup/*{group} /sys/fs/cgroup{group}; do echo $$ >$g/cgroup.procs; done"
    loop = f"while [ ! -e {_STOP} ]; do {PYTHON} -c '{_EATER}'; touch {_STOP}.once; done"
    machine.run("rm", "-f", _STOP, f"{_STOP}.once")
    eaters = threading.Thread(
        target=lambda: machine.attempt("sh", "-c", f"{join}; {loop}", seconds=_PATIENCE)
    )
    eaters.start()
    try:
        machine.run("sh", "-c", f"until [ -e {_STOP}.once ]; do sleep 0.1; done")
        yield
    finally:
        machine.run("touch", _STOP)
        eaters.join()
