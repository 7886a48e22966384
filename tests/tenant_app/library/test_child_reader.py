"""Files are read in a child process that cannot take the application down."""

import errno
import io
import os
import threading
from pathlib import Path

import pytest

from tenant_app.child_processes import child_environment
from tenant_app.library.child_reader import ChildReader, ReadingInterrupted, ReadingLimits
from tenant_app.library.parsing.protocol import (
    Block,
    PageCount,
    ParseError,
    SkippedPage,
    read_extraction,
    write_end,
    write_parts,
)
from tenant_app.library.parsing.sniffing import (
    CSV,
    DOCX,
    HTML,
    MAIL,
    MARKDOWN,
    ODS,
    ODT,
    PDF,
    PLAIN_TEXT,
    PPTX,
    XLSX,
)
from tests.tenant_app.library import office_samples, samples

MEBIBYTE = 1024 * 1024


def _read(tmp_path: Path, content: bytes, media_type: str, limits: ReadingLimits | None = None) -> list[str]:
    original, output = tmp_path / "original", tmp_path / "output"
    original.write_bytes(content)
    extraction = ChildReader(limits or ReadingLimits()).read(original, media_type, output)
    return [block.text for block in extraction.blocks]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (samples.pdf(["Le loyer."]), PDF),
        (samples.word("Le loyer."), DOCX),
        (b"<p>Le loyer.", HTML),
        (b"Le *loyer*.", MARKDOWN),
        (b"Le loyer.", PLAIN_TEXT),
        (office_samples.odt("<text:p>Le loyer.</text:p>"), ODT),
        (office_samples.ods({"": [["Le loyer."]]}), ODS),
        (office_samples.xlsx({"": [["Le loyer."]]}), XLSX),
        (office_samples.pptx([("", ["Le loyer."])]), PPTX),
        (b"X-Mailer: test\n\nLe loyer.", MAIL),
        (b"Le loyer.;", CSV),
    ],
)
def test_every_accepted_format_is_read(tmp_path: Path, content: bytes, media_type: str) -> None:
    assert _read(tmp_path, content, media_type) == ["Le loyer."]


@pytest.mark.parametrize(
    ("content", "media_type", "limits", "code"),
    [
        (samples.encrypted_pdf(), PDF, ReadingLimits(), "encrypted"),
        (b"  \n", PLAIN_TEXT, ReadingLimits(), "no_text_layer"),
        (b"x", "image/gif", ReadingLimits(), "unsupported"),
        (b"<div>" * 200_000 + b"x", HTML, ReadingLimits(), "no_text_layer"),
        (b"mot " * 20_000_000, PLAIN_TEXT, ReadingLimits(memory=300 * MEBIBYTE), "too_large"),
        (b"mot\n\n" * 3_000_000, MARKDOWN, ReadingLimits(cpu_seconds=1), "timeout"),
        (b"mot\n\n" * 3_000_000, MARKDOWN, ReadingLimits(wall_seconds=1), "timeout"),
        (b"mot\n\n" * 100_000, PLAIN_TEXT, ReadingLimits(output_bytes=64 * 1024), "too_large"),
    ],
)
def test_what_cannot_be_read_within_the_limits_has_a_reason(
    tmp_path: Path, content: bytes, media_type: str, limits: ReadingLimits, code: str
) -> None:
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, content, media_type, limits)
    assert refusal.value.code == code


def test_a_full_disk_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_bytes(b"Le bail.")
    with pytest.raises(OSError, match="no room") as failure:
        ChildReader(ReadingLimits()).read(original, PLAIN_TEXT, Path("/dev/full"))
    assert failure.value.errno == errno.ENOSPC


def test_an_interrupted_reading_stops_at_once_and_no_other_begins(tmp_path: Path) -> None:
    original, output = tmp_path / "original", tmp_path / "output"
    original.write_bytes(b"mot\n\n" * 3_000_000)
    reader = ChildReader(ReadingLimits())
    outcome: list[BaseException] = []

    def read() -> None:
        try:
            reader.read(original, MARKDOWN, output)
        except ReadingInterrupted as error:
            outcome.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    while reader._process is None:
        os.sched_yield()
    reader.interrupt()
    thread.join(timeout=10)
    assert len(outcome) == 1
    with pytest.raises(ReadingInterrupted):
        reader.read(original, MARKDOWN, output)


def test_the_child_gets_no_secret_from_the_environment() -> None:
    assert child_environment({"PATH": "/bin", "OPENAI_API_KEY": "sk", "LD_PRELOAD": "x"}).keys() == {
        "PATH",
        "PYTHONPATH",
        "PYTHONSAFEPATH",
        "PYTHONDONTWRITEBYTECODE",
    }


def test_what_the_child_writes_is_read_back(tmp_path: Path) -> None:
    out = io.StringIO()
    write_parts([PageCount(3), Block("é\nè", level=2, page=1), SkippedPage(2)], out)
    write_end(out, None)
    path = tmp_path / "output"
    path.write_text(out.getvalue())
    extraction = read_extraction(path)
    assert (extraction.pages, extraction.skipped_pages) == (3, [2])
    assert extraction.blocks == [Block("é\nè", level=2, page=1)]


@pytest.mark.parametrize("written", ["", '{"pages": 3}\n', '{"end": "complete"}', '{"unknown": 1}\n'])
def test_output_without_its_end_is_not_a_document(tmp_path: Path, written: str) -> None:
    path = tmp_path / "output"
    path.write_text(written)
    with pytest.raises(ParseError) as refusal:
        read_extraction(path)
    assert refusal.value.code == "damaged"
