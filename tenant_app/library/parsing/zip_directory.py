"""Open ZIP archives made by strangers: their directory is measured before anything is built from it."""

import os
import struct
import zipfile
from pathlib import Path
from typing import Final

from tenant_app.library.parsing.protocol import ParseError

MOST_ENTRIES: Final = 5_000
MOST_DIRECTORY_BYTES: Final = 2 * 1024 * 1024
"""400 bytes an entry; Python's own reader takes some 20 MB of memory for a directory of this size."""

_END: Final = struct.Struct("<4s4H2LH")
_END_MARK: Final = b"PK\x05\x06"
_LONGEST_COMMENT: Final = 0xFFFF
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64: Final = struct.Struct("<4sLQL")
_LOCATOR64_MARK: Final = b"PK\x06\x07"
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED_FLAG: Final = 0x1


def open_archive(path: Path) -> zipfile.ZipFile:
    """Return the opened archive.

    Raises ParseError: ``damaged``, ``too_large`` (entries, size of the directory), ``encrypted``.
    """
    size = _directory_bytes(path)
    if size > MOST_DIRECTORY_BYTES:
        raise ParseError("too_large", f"a directory of {size} bytes, at most {MOST_DIRECTORY_BYTES} are read")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise ParseError("damaged", f"not a whole ZIP archive: {error}") from error
    try:
        _check_entries(archive.infolist())
    except ParseError:
        archive.close()
        raise
    return archive


def _directory_bytes(path: Path) -> int:
    """Return the size of the archive's directory as its end record, or the ZIP64 one before it, declares."""
    with path.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        reach = _END.size + _LONGEST_COMMENT + _LOCATOR64.size + _END64.size
        file.seek(max(0, length - reach))
        tail = file.read()
    end = tail.rfind(_END_MARK)
    if end < 0 or len(tail) - end < _END.size:
        raise ParseError("damaged", "the ZIP archive has no end")
    declared: int = _END.unpack_from(tail, end)[5]
    locator = end - _LOCATOR64.size
    if locator < _END64.size or not tail.startswith(_LOCATOR64_MARK, locator):
        return declared
    declared64: int = _END64.unpack_from(tail, locator - _END64.size)[8]
    return max(declared64, declared if declared != 0xFFFFFFFF else 0)


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise ParseError("too_large", f"{len(entries)} entries, at most {MOST_ENTRIES} are accepted")
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise ParseError("encrypted", "entries of the archive are encrypted")
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise ParseError("damaged", "the archive is compressed by a method no office program uses")
