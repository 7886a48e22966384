"""The limits a reading child sets on itself before it touches the file."""

import contextlib
import os
import resource
import signal
from pathlib import Path

MOST_MEMORY_BYTES = 512 * 1024**2
"""Address space; ordinary documents take 50 MB. With the assistant's own 170 MB it fits the smallest plan's
768 MB: a hostile file meets this limit, and gets an answer, before the client meets its plan's."""
MOST_CPU_SECONDS = 120
MOST_WALL_SECONDS = 180
MOST_OCR_CPU_SECONDS = 600
MOST_OCR_WALL_SECONDS = 1_800
"""Once a page image has to be recognised: some 200 pages on a slow processor."""
MOST_OUTPUT_BYTES = 32 * 1024 * 1024
"""The assistant reads all of it back into its memory: a book of 10,000 pages is about 30 MB."""
MOST_OPEN_FILES = 64
NO_ROOM_STATUS = os.EX_IOERR
"""The child's exit status when the disk is full: its file is not to blame."""


def limit_this_process(memory: int, cpu_seconds: int, wall_seconds: int, output_bytes: int) -> None:
    """Bound this process for good: beyond, the kernel ends it (time) or refuses (memory, output)."""
    _end_first_when_memory_is_short()
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # The hard limit leaves room for recognition, which asks for it when it begins.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, max(cpu_seconds, MOST_OCR_CPU_SECONDS) + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (output_bytes, output_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_OPEN_FILES, MOST_OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Also when the application dies first: an orphan ends by itself.
    signal.alarm(wall_seconds)


def _end_first_when_memory_is_short() -> None:
    # Raising one's own score is always allowed; where /proc is read-only the kernel judges by size alone.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def allow_time_for_ocr() -> None:
    """Raise the time limits of this process to those of recognising page images, from now on."""
    # Only where a limit was set: outside the reading child there is none to raise.
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_CPU, (min(MOST_OCR_CPU_SECONDS, hard), hard))
    if signal.alarm(0):
        signal.alarm(MOST_OCR_WALL_SECONDS)
