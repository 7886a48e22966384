"""Read a file in a child process of its own, so that no file can take the application down."""

import errno
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tenant_app.child_processes import child_environment
from tenant_app.library.parsing.limits import (
    MOST_CPU_SECONDS,
    MOST_MEMORY_BYTES,
    MOST_OCR_WALL_SECONDS,
    MOST_OUTPUT_BYTES,
    MOST_WALL_SECONDS,
    NO_ROOM_STATUS,
)
from tenant_app.library.parsing.protocol import Extraction, FailureCode, ParseError, read_extraction
from tenant_app.library.parsing.readers import MAY_HOLD_PICTURES
from tenant_app.logs import get_log

# The child ends itself at its wall limit; the parent waits a little longer before it does it.
_GRACE_SECONDS: Final = 5
_TIME_SIGNALS: Final = frozenset({signal.SIGALRM, signal.SIGXCPU})
_LONGEST_LOGGED: Final = 2_000

_log = get_log(__name__)


@dataclass(frozen=True)
class ReadingLimits:
    """What one file may cost: bytes of address space, seconds of processor and of time, bytes of output."""

    memory: int = MOST_MEMORY_BYTES
    cpu_seconds: int = MOST_CPU_SECONDS
    wall_seconds: int = MOST_WALL_SECONDS
    output_bytes: int = MOST_OUTPUT_BYTES

    def arguments(self) -> list[str]:
        """Return the limits as the child's command line takes them."""
        return [
            f"--memory={self.memory}",
            f"--cpu-seconds={self.cpu_seconds}",
            f"--wall-seconds={self.wall_seconds}",
            f"--output-bytes={self.output_bytes}",
        ]


class ReadingInterrupted(Exception):
    """The reading was stopped, because the application stops or nobody wants the document any more."""


class ChildReader:
    """Reads one file at a time, each in an exec'd, limited child."""

    def __init__(self, limits: ReadingLimits, *, ocr: bool = False) -> None:
        """``ocr`` says whether page images are recognised, which the plan decides."""
        self._limits = limits
        self._ocr = ocr
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._reading: Path | None = None
        self._broken_off = False
        self._interrupted = False

    def read(self, original: Path, media_type: str, output: Path) -> Extraction:
        """Return what `original` holds; the child writes to the file `output`.

        Raises ParseError with the reason, whatever happens to the child; ReadingInterrupted after
        ``interrupt`` or ``break_off``; OSError when there is no room for what the child writes.
        """
        with output.open("wb") as out, self._started(original, media_type, out) as process:
            try:
                _, said = process.communicate(timeout=self._longest_wait(media_type))
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise ParseError("timeout", "the reader did not end by itself") from error
        self._check(process.returncode, said, output)
        return read_extraction(output)

    def _longest_wait(self, media_type: str) -> int:
        """Return the seconds after which a child that should have ended itself is ended."""
        recognising = self._ocr and media_type in MAY_HOLD_PICTURES
        seconds = MOST_OCR_WALL_SECONDS if recognising else self._limits.wall_seconds
        return max(seconds, self._limits.wall_seconds) + _GRACE_SECONDS

    def break_off(self, original: Path) -> None:
        """Kill the child if it is reading this very file."""
        with self._lock:
            if self._process is not None and self._reading == original:
                self._broken_off = True
                self._process.kill()

    def interrupt(self) -> None:
        """Kill the child at work, if any, and start no other."""
        with self._lock:
            self._interrupted = True
            if self._process is not None:
                self._process.kill()

    def _started(self, original: Path, media_type: str, out: BinaryIO) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tenant_app.library.parsing", *self._limits.arguments()]
        with self._lock:
            if self._interrupted:
                raise ReadingInterrupted
            self._reading, self._broken_off = original, False
            self._process = subprocess.Popen(  # noqa: S603 - our own module, by an argument list
                [*command, *(["--ocr"] if self._ocr else []), media_type, str(original)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                env=child_environment(),
            )
            return self._process

    def _check(self, status: int, said: bytes, output: Path) -> None:
        """Raise what a child's exit status means; return when it ended well."""
        if self._interrupted or self._broken_off:
            raise ReadingInterrupted
        if status == 0:
            return
        _log.warning(
            "reader_ended_badly", status=status, said=said.decode("utf-8", "replace")[-_LONGEST_LOGGED:]
        )
        if status == NO_ROOM_STATUS:
            raise OSError(errno.ENOSPC, "no room for what the reader writes", str(output))
        full = output.stat().st_size >= self._limits.output_bytes
        raise ParseError("too_large" if full else _code_of(status), f"the reader ended with status {status}")


def _code_of(status: int) -> FailureCode:
    """Return what a child's unsuccessful exit status says about its file."""
    if -status in _TIME_SIGNALS:
        return "timeout"
    if -status == signal.SIGKILL:
        # The kernel's answer to too much memory in the whole service.
        return "too_large"
    return "damaged"
