"""Writes a gzip file in members of different levels, which every reader of gzip takes as one (RFC 1952, 2.2).

What does not give way, such as scans and office files, is stored: deflating it in vain takes fifteen times
as long (24 against 365 MB/s on the machine of docs/developers/benchmarks.md).
"""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final

from provisioner.backups.age_streams import Target

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STORED: Final = 0
FAST: Final = 1
"""Vectors and documents hardly give way: higher levels only cost time."""
_GZIP_WINDOW: Final = 31
_SAMPLE: Final = 4 * 1024
_TOO_SHORT_TO_MATTER: Final = 16 * _SAMPLE
_WORTH_WHILE: Final = 0.9


class GzipMembers(io.RawIOBase):
    """A stream to write to, whose level may be changed at any point; closing it leaves `target` open."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._target = target
        self._level = FAST
        self._member = _member(FAST)
        self._taken = 0

    def write(self, piece: ReadableBuffer, /) -> int:
        """Take in bytes; return how many."""
        taken = memoryview(piece).nbytes
        self._target.write(self._member.compress(piece))
        self._taken += taken
        return taken

    def tell(self) -> int:
        """Return how many bytes were taken in."""
        return self._taken

    def go_on_with(self, level: int) -> None:
        """Write what follows with a level."""
        if level != self._level:
            self._target.write(self._member.flush())
            self._level, self._member = level, _member(level)

    def close(self) -> None:
        """Write the last member's end."""
        if not self.closed:
            super().close()
            self._target.write(self._member.flush())


def fitting_level(stream: BinaryIO, size: int) -> int:
    """Return the level for a file of so many bytes, told from its begin, middle and end; it is rewound."""
    if size < _TOO_SHORT_TO_MATTER:
        return FAST
    sample = b"".join(_sample(stream, position) for position in (0, size // 2, size - _SAMPLE))
    stream.seek(0)
    return FAST if len(zlib.compress(sample, FAST)) < _WORTH_WHILE * len(sample) else STORED


def _sample(stream: BinaryIO, position: int) -> bytes:
    stream.seek(position)
    return stream.read(_SAMPLE)


def _member(level: int) -> zlib._Compress:
    return zlib.compressobj(level, zlib.DEFLATED, _GZIP_WINDOW)
