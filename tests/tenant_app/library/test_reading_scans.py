"""Page images are read where the plan has it; elsewhere it is said plainly that they are images."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tenant_app.library.child_reader import ChildReader, ReadingLimits
from tenant_app.library.failures import failure_message
from tenant_app.library.media_types import judge_media_type
from tenant_app.library.parsing import pdf_scans
from tenant_app.library.parsing.ocr import NotRecognised, Ocr, installed_ocr
from tenant_app.library.parsing.pdf import read_pdf
from tenant_app.library.parsing.protocol import (
    FAILURE_CODES,
    Block,
    Extraction,
    PageCount,
    ParseError,
    SkippedPage,
)
from tenant_app.library.parsing.sniffing import PDF
from tests.tenant_app.library.samples import EVALUATION_DOCUMENTS
from tests.tenant_app.library.scan_samples import picture, png, scanned_pdf

LINES = ["Le dépôt de garantie est restitué", "dans un délai de deux mois."]
READ = "Le dépôt de garantie est restitué dans un délai de deux mois."
SCAN = picture(LINES)


def _read(tmp_path: Path, content: bytes, *, ocr: bool = True) -> Extraction:
    original = tmp_path / "original"
    original.write_bytes(content)
    reader = ChildReader(ReadingLimits(), ocr=ocr)
    return reader.read(original, judge_media_type(original, "scan"), tmp_path / "output")


@pytest.fixture
def ocr() -> Ocr:
    """Return the tesseract that scripts/setup has installed."""
    found = installed_ocr()
    assert found is not None
    return found


def test_a_scanned_page_is_read_between_pages_with_text(tmp_path: Path) -> None:
    content = scanned_pdf(["Bail du premier mars deux mille vingt-six"], SCAN, None)
    extraction = _read(tmp_path, content)
    assert extraction.blocks == [
        Block("Bail du premier mars deux mille vingt-six", page=1),
        Block(READ, page=2),
    ]
    assert extraction.skipped_pages == []


def test_without_ocr_in_the_plan_a_scanned_page_among_others_is_reported(tmp_path: Path) -> None:
    extraction = _read(tmp_path, scanned_pdf(SCAN, ["Bail du premier mars deux mille vingt-six"]), ocr=False)
    assert [block.page for block in extraction.blocks] == [2]
    assert extraction.skipped_pages == [1]


@pytest.mark.parametrize("content", [scanned_pdf(SCAN), png(SCAN)])
def test_without_ocr_in_the_plan_a_scan_is_refused_in_plain_words(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, content, ocr=False)
    assert refusal.value.code == "no_text_layer"


def test_a_photograph_of_a_page_is_read_even_upside_down(tmp_path: Path) -> None:
    page = picture(LINES * 10)
    upright, turned = (_read(tmp_path, png(image)).blocks for image in (page, page.turned()))
    assert " ".join(block.text for block in turned) == " ".join([READ] * 10)
    assert upright == turned


def test_an_image_of_nothing_is_refused_as_such(tmp_path: Path) -> None:
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, scanned_pdf(picture([])))
    assert refusal.value.code == "no_text_recognised"


@pytest.mark.parametrize("content", [png(SCAN)[:500], b"\xff\xd8\xff\xe0" + bytes(50)])
def test_a_broken_image_is_refused_as_damaged(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, content)
    assert refusal.value.code == "damaged"


def test_a_host_without_tesseract_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, scanned_pdf(SCAN))
    assert refusal.value.code == "no_text_layer_ocr_missing"


def test_every_reason_has_its_words() -> None:
    assert len({failure_message(code) for code in FAILURE_CODES}) == len(FAILURE_CODES)


def test_a_stamp_on_a_scan_is_not_taken_for_its_text(tmp_path: Path, ocr: Ocr) -> None:
    content = scanned_pdf(SCAN).replace(b"/Im Do Q", b"/Im Do Q BT /F1 9 Tf 9 9 Td (12) Tj ET")
    path = tmp_path / "scan"
    path.write_bytes(content)
    assert Block(READ, page=1) in list(read_pdf(path, ocr))


def test_pages_beyond_those_that_are_recognised_are_reported(
    tmp_path: Path, ocr: Ocr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_scans, "MOST_RECOGNISED_PAGES", 1)
    path = tmp_path / "scan"
    path.write_bytes(scanned_pdf(SCAN, SCAN))
    assert list(read_pdf(path, ocr)) == [PageCount(2), Block(READ, page=1), SkippedPage(2)]


def test_a_recognition_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "tesseract"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr("tenant_app.library.parsing.ocr.PAGE_SECONDS", 0.2)
    with pytest.raises(NotRecognised, match=r"0\.2 seconds"):
        Ocr((str(slow),), ("fra",)).pages(b"")


def test_recognition_ends_with_the_reader_that_asked_for_it(tmp_path: Path) -> None:
    """A child killed for its limits, or by a cancelled upload, leaves no tesseract behind."""
    program = tmp_path / "tesseract"
    started = tmp_path / "started"
    os.mkfifo(started)
    languages = '[ "$1" = --list-langs ] && echo fra && exit'
    program.write_text(f"#!/bin/sh\n{languages}\necho $$ >{started}\nexec sleep 99\n")
    program.chmod(0o755)
    scan = tmp_path / "scan"
    scan.write_bytes(scanned_pdf(SCAN))
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "tenant_app.library.parsing", "--ocr", PDF, str(scan)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as child:
        pid = int(started.read_text())
        ended = os.pidfd_open(pid)
        child.kill()
    readable, _, _ = select.select([ended], [], [], 10)
    os.close(ended)
    assert readable, "tesseract outlived its reader"


def test_the_evaluation_scan_gives_its_phrase(tmp_path: Path) -> None:
    scan = EVALUATION_DOCUMENTS / "fr_scan_accents.pdf"
    content = (
        scan.read_bytes() if scan.exists() else scanned_pdf(picture(["Portez ce vieux whisky au juge blond"]))
    )
    text = " ".join(block.text for block in _read(tmp_path, content).blocks)
    assert "Portez ce vieux whisky au juge blond" in text
