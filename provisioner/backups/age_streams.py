"""Encrypts and decrypts while bytes pass: no archive is held in memory, none lies decrypted on a disk.

pyrage copies from one stream to another in one call; it runs in a thread of its own with a pipe to this one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

import pyrage

from provisioner.backups.manifest import ArchiveRefused
from provisioner.backups.sealing import (
    FRONT,
    FRONT_END,
    LONGEST_FRONT,
    Keys,
    Locked,
    Seal,
    is_sealed,
    unlocked,
)
from provisioner.errors import ProvisionError


class Target(Protocol):
    """Whatever encrypted bytes go into."""

    def write(self, piece: bytes, /) -> int: ...

    def flush(self) -> None: ...


class EncryptionFailed(ProvisionError):
    """An archive could not be encrypted."""

    code = "encryption-failed"


@contextmanager
def encrypting(target: Target, seal: Seal) -> Iterator[BinaryIO]:
    """Give a stream for a `with` block; what is written to it arrives in `target` encrypted.

    Raises OSError as `target` gave it, EncryptionFailed.
    """
    target.write(seal.front)
    recipients = [pyrage.x25519.Recipient.from_str(one) for one in seal.recipients]
    arriving, source, sink = _Noting(target), *_pipe()

    def encrypt() -> None:
        with source:
            pyrage.encrypt_io(source, arriving, recipients)

    work = _Work(encrypt)
    try:
        with sink:
            yield sink
    except BrokenPipeError as error:
        work.join()
        # Whoever reads has ended, and knows why.
        raise arriving.error or work.error or error from error
    finally:
        work.join()
    if arriving.error is not None:
        raise arriving.error
    if work.error is not None:
        raise EncryptionFailed(f"The backup could not be encrypted ({work.error}).") from work.error


@contextmanager
def opened(archive: Path, keys: Keys) -> Iterator[BinaryIO]:
    """Give a stream of a file's bytes for a `with` block, decrypted when they are encrypted.

    Each piece is authentic; that nothing is missing is known at the end. Raises Locked, ArchiveRefused.
    """
    with archive.open("rb") as stream:
        if not is_sealed(stream.peek(len(FRONT))):
            yield stream
            return
        identities = [
            pyrage.x25519.Identity.from_str(one.get_secret_value())
            for one in unlocked(archive, _front(archive, stream), keys)
        ]
        with _decrypting(archive, stream, identities) as plain:
            yield plain


def sealed(archive: Path) -> bool:
    """Say whether a file is encrypted, by its first bytes."""
    with archive.open("rb") as stream:
        return is_sealed(stream.read(len(FRONT)))


def _front(archive: Path, stream: BinaryIO) -> bytes:
    """Take what stands before the archive off a stream."""
    lines: list[bytes] = []
    if is_sealed(first := stream.readline(LONGEST_FRONT)) and first.startswith(FRONT):
        lines = [first]
        while not lines[-1].startswith(FRONT_END):
            line = stream.readline(LONGEST_FRONT)
            if not line or sum(map(len, lines)) > LONGEST_FRONT:
                raise ArchiveRefused(archive, "the key in front of it has no end")
            lines.append(line)
    else:
        stream.seek(0)
    return b"".join(lines)


@contextmanager
def _decrypting(
    archive: Path, stream: BinaryIO, identities: list[pyrage.x25519.Identity]
) -> Iterator[BinaryIO]:
    source, sink = _pipe()
    leaving = _Noting(sink)

    def decrypt() -> None:
        try:
            pyrage.decrypt_io(stream, leaving, identities)
        finally:
            _close(sink)

    work = _Work(decrypt)
    try:
        with source:
            yield source
    except Exception as error:
        # What was read ended where decryption did: that is the reason, unless this side had enough.
        work.join()
        if refused := _refused(archive, work, leaving):
            raise refused from error
        raise
    finally:
        work.join()
    if refused := _refused(archive, work, leaving):
        raise refused


def _refused(archive: Path, work: _Work, leaving: _Noting) -> ArchiveRefused | None:
    if work.error is None or leaving.error is not None:
        return None
    if "No matching keys" in str(work.error):
        return Locked(archive, "no key that was given opens it", "Give one it was encrypted for.")
    return ArchiveRefused(archive, f"it is damaged ({work.error})")


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    source, sink = os.pipe()
    return os.fdopen(source, "rb"), os.fdopen(sink, "wb")


def _close(sink: BinaryIO) -> None:
    with suppress(BrokenPipeError):  # the other side had enough
        sink.close()


class _Work(threading.Thread):
    """A call that has been begun beside this thread, and what it failed with."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001 - raised where the thread is waited for
            self.error = error


class _Noting:
    """Passes bytes on and keeps the error: pyrage tells it as text, and drops that of its last piece."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.error: OSError | None = None

    def write(self, piece: bytes, /) -> int:
        return self._noting(lambda: self._target.write(piece))

    def flush(self) -> None:
        self._noting(self._target.flush)

    def _noting(self, act: Callable[[], int | None]) -> int:
        try:
            return act() or 0
        except OSError as error:
            self.error = error
            raise
