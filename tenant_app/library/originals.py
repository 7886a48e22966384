"""The uploaded files themselves, kept under the hash of their content."""

import hashlib
import os
import tempfile
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final

from flask_babel import lazy_gettext

from tenant_app.data_directory import ORIGINALS
from tenant_app.errors import TooLarge
from tenant_app.settings import BYTES_PER_MB

SET_ASIDE_FOR: Final = timedelta(days=30)
"""How long a file that no document claims is kept: time to notice that the wrong backup was restored."""
_PIECE_BYTES: Final = 256 * 1024


@dataclass(frozen=True)
class Received:
    """A whole file on this tenant's disk, not yet part of the library."""

    path: Path
    sha256: str
    size: int

    def discard(self) -> None:
        """Remove the file unless it was kept."""
        self.path.unlink(missing_ok=True)


class Originals:
    """The directories ``tmp/``, ``originals/``, ``set-aside/``; file names are ours, never the uploader's."""

    def __init__(self, data_dir: Path) -> None:
        self._arriving = data_dir / "tmp"
        self._kept = data_dir / ORIGINALS
        self._set_aside = data_dir / "set-aside"
        self.changing = threading.Lock()
        """A file and its row cannot change in one transaction: this keeps an upload and a removal of the
        same content apart. One process serves a tenant, so a lock in memory does."""

    def receive(self, stream: IO[bytes], most_bytes: int) -> Received:
        """Write a stream to a temporary file, hashing it on the way.

        Raises TooLarge beyond `most_bytes`; nothing is left behind then, nor when the stream breaks off.
        """
        digest = hashlib.sha256()
        size = 0
        with tempfile.NamedTemporaryFile(dir=self._arriving, prefix="upload-", delete=False) as file:
            path = Path(file.name)
            try:
                while piece := stream.read(_PIECE_BYTES):
                    size += len(piece)
                    if size > most_bytes:
                        raise _too_large(most_bytes)
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                path.unlink()
                raise
        return Received(path, digest.hexdigest(), size)

    def keep(self, received: Received) -> None:
        """Move a received file to its place, durably: after this it is there whole, whatever happens."""
        received.path.replace(self.path_of(received.sha256))
        directory = os.open(self._kept, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def path_of(self, sha256: str) -> Path:
        """Return where the file with this hash is kept."""
        return self._kept / sha256

    def remove(self, sha256: str) -> None:
        """Remove a kept file; one that is not there is no error, since a removal may have been cut short."""
        self.path_of(sha256).unlink(missing_ok=True)

    def sweep(self, known: Collection[str], now: datetime) -> int:
        """Mend what a sudden end or a restored database left; return how many kept files no document claims.

        Those are set aside for SET_ASIDE_FOR rather than removed: the database may be older than they are.
        They come back with one that knows them. Arriving files are removed.
        """
        for path in self._arriving.iterdir():
            path.unlink()
        self._look_through_set_aside(known, now)
        unclaimed = [path for path in self._kept.iterdir() if path.name not in known]
        for path in unclaimed:
            # The moment it is set aside, from which its time counts.
            os.utime(path, (now.timestamp(), now.timestamp()))
            path.replace(self._set_aside / path.name)
        return len(unclaimed)

    def _look_through_set_aside(self, known: Collection[str], now: datetime) -> None:
        self._set_aside.mkdir(mode=0o700, exist_ok=True)
        for path in self._set_aside.iterdir():
            if path.name in known:
                path.replace(self.path_of(path.name))
            elif path.stat().st_mtime <= (now - SET_ASIDE_FOR).timestamp():
                path.unlink()

    def reading_output(self) -> Path:
        """Return a new, empty, private file for what a reading child writes."""
        descriptor, name = tempfile.mkstemp(dir=self._arriving, prefix="reading-")
        os.close(descriptor)
        return Path(name)


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(
        lazy_gettext("Le fichier dépasse la taille acceptée (%(size)s Mo).", size=most_bytes // BYTES_PER_MB)
    )
