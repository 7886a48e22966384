"""What the reading child tells the application: one JSON object per line, the last one saying how it ended.

{"block": {"text": …, "level": 0, "page": 3}}
{"skipped_page": 4}
{"pages": 12}
{"end": "complete"}    or    {"end": "failed", "code": "encrypted", "reason": "…"}
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TextIO, get_args

FailureCode = Literal[
    "encrypted",
    "damaged",
    "no_text_layer",
    "no_text_layer_ocr_missing",
    "no_text_recognised",
    "too_large",
    "timeout",
    "unsupported",
]
"""``no_text_layer``: page images, or nothing, and no OCR in the plan; ``no_text_layer_ocr_missing``: it is in
the plan, but not installed on the host; ``no_text_recognised``: it found nothing either."""
FAILURE_CODES: Final[tuple[FailureCode, ...]] = get_args(FailureCode)


@dataclass(frozen=True)
class Block:
    """A heading (``level`` 1 to 6, outermost first) or a paragraph (``level`` 0); pages count from 1."""

    text: str
    level: int = 0
    page: int | None = None


@dataclass(frozen=True)
class SkippedPage:
    """A page that cannot be read, while the document's others can."""

    number: int


@dataclass(frozen=True)
class PageCount:
    """How many pages the document has, the unreadable ones included."""

    count: int


Part = Block | SkippedPage | PageCount


class ParseError(Exception):
    """The document gives no text; ``code`` says why to programs, the message says it to operators."""

    def __init__(self, code: FailureCode, reason: str) -> None:
        super().__init__(reason)
        self.code: FailureCode = code


@dataclass
class Extraction:
    """Everything read from one document."""

    blocks: list[Block] = field(default_factory=list)
    skipped_pages: list[int] = field(default_factory=list)
    pages: int | None = None


def write_parts(parts: Iterable[Part], out: TextIO) -> None:
    """Write each part as soon as it is read. Raises what reading raises."""
    for part in parts:
        match part:
            case Block():
                record: dict[str, object] = {"block": asdict(part)}
            case SkippedPage(number):
                record = {"skipped_page": number}
            case PageCount(count):
                record = {"pages": count}
        out.write(json.dumps(record, ensure_ascii=False) + "\n")


def write_end(out: TextIO, failure: ParseError | None) -> None:
    """Write how the reading ended."""
    if failure is None:
        record = {"end": "complete"}
    else:
        record = {"end": "failed", "code": failure.code, "reason": str(failure)}
    out.write(json.dumps(record) + "\n")


def read_extraction(path: Path) -> Extraction:
    """Read a child's output back.

    Raises ParseError with the child's own code, or ``damaged`` when the output stops before its end.
    """
    extraction = Extraction()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            # A child killed while it wrote leaves half a line: only a whole one is looked at.
            if line.endswith("\n") and _collect(json.loads(line), extraction):
                return extraction
    raise ParseError("damaged", "the reader stopped before its end")


def _collect(record: dict[str, Any], extraction: Extraction) -> bool:
    """Add one record; return whether it was the last."""
    match record:
        case {"block": block}:
            extraction.blocks.append(Block(**block))
        case {"skipped_page": number}:
            extraction.skipped_pages.append(number)
        case {"pages": count}:
            extraction.pages = count
        case {"end": "complete"}:
            return True
        case {"end": "failed", "code": code, "reason": reason}:
            raise ParseError(code, reason)
    return False
