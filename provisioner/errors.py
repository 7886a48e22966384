"""What can go wrong, as one tree; the class decides the exit code.

ProvisionError                  exit 1: failed; the message says what, the mend says how to go on
├── CommandFailed               a program we ran ended badly, with what it printed
├── StepFailed                  a step failed and everything before it was undone
├── UndoFailed                  a step failed and so did putting things back
├── Interrupted                 Ctrl-C, closed terminal or SIGTERM; undone like any failure
└── Refused                     exit 2: nothing was touched
    ├── InvalidRequest          one field of the request is not acceptable
    ├── InvalidConfiguration    a configuration file does not fit its schema
    ├── UnknownTenant           no such client
    ├── WrongState              the client exists, but not in a state this command accepts
    ├── PortUnavailable         the port is booked, or somebody else listens on it
    └── LockHeld                another command is at work
"""

from __future__ import annotations

from collections.abc import Sequence


class ProvisionError(Exception):
    """A failure told to the operator: what happened, to what, and the mend.

    `message` and `mend` are English sentences without secrets.
    """

    exit_code = 1
    code = "failed"

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".strip()


class CommandFailed(ProvisionError):
    """A program ended with a status other than zero, or not in time.

    `argv` is shown to the operator; it never holds a secret. `output` is the end of what was printed.
    """

    code = "command-failed"

    def __init__(
        self,
        argv: Sequence[str],
        reason: str,
        output: str = "",
        mend: str = "Remove the cause, then run the same command again.",
    ) -> None:
        self.argv = tuple(argv)
        self.reason = reason
        self.output = output
        said = f": {output}" if output else "."
        super().__init__(f"`{' '.join(argv)}` {reason}{said}", mend)


class StepFailed(ProvisionError):
    """A step could not be done; the steps before it were undone in reverse order.

    Those of the parts all clients share are kept instead: the next command goes on from there.
    """

    code = "step-failed"

    def __init__(self, step: str, cause: str, mend: str = "", *, kept: bool = False) -> None:
        self.step = step
        self.cause = cause
        before = "What was done before it is kept." if kept else "Everything done before it was undone."
        super().__init__(f"Could not {step}: {cause} {before}", mend)


class UndoFailed(ProvisionError):
    """A step failed, and then so did some of the undoing; `left` says what is still there."""

    code = "undo-failed"

    def __init__(self, step: str, cause: str, left: Sequence[str], mend: str = "") -> None:
        self.step = step
        self.cause = cause
        self.left = tuple(left)
        super().__init__(f"Could not {step}: {cause} Could not undo either: {'; '.join(left)}.", mend)


class Interrupted(ProvisionError):
    """The operator or the system asked this command to stop; raised out of a signal handler."""

    code = "interrupted"


class Refused(ProvisionError):
    """The command was not begun; nothing was touched."""

    exit_code = 2
    code = "refused"


class InvalidRequest(Refused):
    """One field of what was asked is not acceptable. Values are refused, never cleaned."""

    code = "invalid-request"

    def __init__(self, field: str, reason: str, mend: str = "") -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}", mend)


class InvalidConfiguration(Refused):
    """A configuration file does not fit; `where` is the file and the path inside it."""

    code = "invalid-configuration"

    def __init__(self, where: str, reason: str, mend: str = "") -> None:
        self.where = where
        self.reason = reason
        super().__init__(f"{where}: {reason}", mend)


class UnknownTenant(Refused):
    """There is no client of that name."""

    code = "unknown-tenant"

    def __init__(self, tenant_id: str) -> None:
        super().__init__(f"There is no client {tenant_id!r}.", "`provision list` shows those there are.")


class WrongState(Refused):
    """The client is not in a state in which this can be done."""

    code = "wrong-state"


class PortUnavailable(Refused):
    """The port is booked by another client, outside the range, or in use by a foreign process."""

    code = "port-unavailable"


class LockHeld(Refused):
    """Another command holds the lock of this root; the message says which, and since when."""

    code = "lock-held"


def from_system(error: OSError) -> ProvisionError:
    """Return the failure to tell when the system refused something no part of ours has words for."""
    if isinstance(error, PermissionError):
        mend = "Run the command as the user whose root it is; `sudo` for root's."
    else:
        mend = "Remove the cause, then run the same command again; with `--verbose` it says where it stopped."
    return ProvisionError(f"The system refused: {error}.", mend)
