"""The instance's data directory: its layout, and the lock that lets one process alone use it."""

import fcntl
import os
import shutil
from pathlib import Path

DATABASE = "tenant.sqlite3"
USAGE = "usage"
ORIGINALS = "originals"
SNAPSHOT = "snapshot"
OUTBOX = "outbox"
_PRIVATE = (ORIGINALS, "chroma", "tmp", OUTBOX)
_PRIVATE_MODE = 0o700
# The vendor's dashboard reads the usage files as a member of the directory's group.
_USAGE_MODE = 0o2750


class DataDirectoryInUse(Exception):
    """Another process of this instance holds the data directory."""


def prepare(data_dir: Path) -> None:
    """Create what is missing of the layout; what is there keeps the mode the provisioner gave it."""
    data_dir.mkdir(mode=_PRIVATE_MODE, exist_ok=True)
    for name in _PRIVATE:
        (data_dir / name).mkdir(mode=_PRIVATE_MODE, exist_ok=True)
    usage = data_dir / USAGE
    if not usage.exists():
        usage.mkdir()
        usage.chmod(_USAGE_MODE)


def clear_leftovers(data_dir: Path) -> None:
    """Remove the copy that a backup cut off has left; to be called while holding the data directory."""
    shutil.rmtree(data_dir / SNAPSHOT, ignore_errors=True)


def hold(data_dir: Path) -> int:
    """Lock the data directory for the life of this process and of those it forks; return the descriptor.

    Raises DataDirectoryInUse at once when another process holds it, an orphaned worker included: two
    processes would damage the vector store.
    """
    path = data_dir / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise DataDirectoryInUse(
            f"{data_dir} is in use by process {holder}; stop this instance first, or call its running process"
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Put a new file in the place of ``path``, on disk before this returns, or raise OSError."""
    temporary = path.with_name(f".{path.name}.new")
    # Left by a process that was killed here.
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
