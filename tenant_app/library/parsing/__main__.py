"""The reading child: ``python -m tenant_app.library.parsing MEDIA_TYPE FILE``, blocks on standard output."""

import argparse
import errno
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tenant_app.library.parsing.limits import (
    MOST_CPU_SECONDS,
    MOST_MEMORY_BYTES,
    MOST_OUTPUT_BYTES,
    MOST_WALL_SECONDS,
    NO_ROOM_STATUS,
    limit_this_process,
)
from tenant_app.library.parsing.ocr import Ocr, installed_ocr
from tenant_app.library.parsing.protocol import Block, ParseError, Part, write_end, write_parts
from tenant_app.library.parsing.readers import MAY_HOLD_PICTURES, read_file

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def main(arguments: list[str]) -> int:
    """Read one file and write its parts; returns 0 also when the file is refused, since that is an answer.

    Returns NO_ROOM_STATUS when the disk is full.
    """
    options = _options(arguments)
    limit_this_process(options.memory, options.cpu_seconds, options.wall_seconds, options.output_bytes)
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(name)s: %(message)s")
    try:
        write_end(sys.stdout, _read(options.media_type, options.file, options.ocr))
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _let_go_of_output()
        return NO_ROOM_STATUS
    return 0


def _let_go_of_output() -> None:
    """Spare the interpreter's end the flush that would fail again and change the exit status."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _read(media_type: str, file: Path, with_ocr: bool) -> ParseError | None:
    ocr = installed_ocr() if with_ocr and media_type in MAY_HOLD_PICTURES else None
    try:
        write_parts(_with_some_text(read_file(media_type, file, ocr)), sys.stdout)
    except ParseError as failure:
        if failure.code == "no_text_layer" and with_ocr and media_type in MAY_HOLD_PICTURES:
            return _without_text_despite_ocr(ocr)
        return failure
    except MemoryError:
        return ParseError("too_large", "reading the file takes more memory than allowed")
    except RecursionError:
        return ParseError("damaged", "the file is nested too deeply")
    return None


def _without_text_despite_ocr(ocr: Ocr | None) -> ParseError:
    if ocr is None:
        return ParseError("no_text_layer_ocr_missing", "page images only, and tesseract is not installed")
    return ParseError("no_text_recognised", "no text was recognised in the page images")


def _with_some_text(parts: Iterator[Part]) -> Iterator[Part]:
    """Pass the parts on. Raises ParseError("no_text_layer") after them when none held text."""
    found_text = False
    for part in parts:
        found_text = found_text or (isinstance(part, Block) and bool(part.text.strip()))
        yield part
    if not found_text:
        raise ParseError("no_text_layer", "the file holds no text")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tenant_app.library.parsing")
    parser.add_argument("--memory", type=int, default=MOST_MEMORY_BYTES)
    parser.add_argument("--cpu-seconds", type=int, default=MOST_CPU_SECONDS)
    parser.add_argument("--wall-seconds", type=int, default=MOST_WALL_SECONDS)
    parser.add_argument("--output-bytes", type=int, default=MOST_OUTPUT_BYTES)
    parser.add_argument("--ocr", action="store_true")
    parser.add_argument("media_type")
    parser.add_argument("file", type=Path)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
