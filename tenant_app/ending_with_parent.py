"""End with the parent; as a program, become another one that does: ``python FILE PROGRAM ARGUMENT…``.

util-linux's setpriv can do it too, but sets capabilities on the way, which a client's walls do not allow.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends (prctl(2), PR_SET_PDEATHSIG). Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the parent's death cannot be followed")


def main(program: str, *arguments: str) -> None:
    """Replace this process by `program`, given by its path. Raises OSError."""
    end_with_parent()
    os.execv(program, [program, *arguments])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
