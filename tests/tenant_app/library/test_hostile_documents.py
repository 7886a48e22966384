"""Files made to harm: each gets an answer within its limits, shows no secret, and takes nothing down."""

import io
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenant_app.errors import UnsupportedType
from tenant_app.library.child_reader import ChildReader, ReadingLimits
from tenant_app.library.media_types import judge_media_type
from tenant_app.library.parsing.pdf import MOST_PAGES
from tenant_app.library.parsing.protocol import Extraction, ParseError
from tenant_app.library.parsing.readers import read_file
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
SAMPLES = {
    DOCX: samples.word("Le loyer.", heading="Bail", table=[["Mai", "800"]]),
    XLSX: office_samples.xlsx({"Loyers": [["Mois", "Loyer"], ["Mai", 800]]}),
    PPTX: office_samples.pptx([("Bilan", ["Le loyer."])]),
    ODT: office_samples.odt("<text:h>Bail</text:h><text:p>Le loyer.</text:p>"),
    ODS: office_samples.ods({"Loyers": [["Mois", "Loyer"], ["Mai", "800"]]}),
}
MAIN_PARTS = {
    DOCX: "word/document.xml",
    XLSX: "xl/worksheets/sheet1.xml",
    PPTX: "ppt/slides/slide1.xml",
    ODT: "content.xml",
    ODS: "content.xml",
}
TEXTS = {
    HTML: b"<html><body><h1>Bail</h1><table><tr><td>Le loyer.</td></tr></table></body></html>",
    MARKDOWN: b"# Bail\n\n- Le *loyer*.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    PLAIN_TEXT: "Article 1\n\nL'été : “le loyer”.".encode("cp1252"),
    CSV: b'Mois;Loyer\nMai;"800;00"\n',
    MAIL: b"From: a@b.test\nSubject: =?utf-8?Q?=C3=A9t=C3=A9?=\nContent-Type: multipart/mixed; boundary=x\n\n"
    b"--x\nContent-Type: text/html; charset=utf-8\n\n<p>Le loyer.\n--x\n"
    b'Content-Disposition: attachment; filename="a.csv"\nContent-Transfer-Encoding: base64\n\n'
    b"YTtiCg==\n--x--\n",
}


def _read(tmp_path: Path, content: bytes) -> Extraction:
    """Judge and read a file as the application does."""
    original = tmp_path / "original"
    original.write_bytes(content)
    return ChildReader(ReadingLimits()).read(original, judge_media_type(original, "x"), tmp_path / "output")


def _refusal(tmp_path: Path, content: bytes) -> str:
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, content)
    return refusal.value.code


def _with_part(media_type: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the sample of a type with its main part changed."""
    with zipfile.ZipFile(io.BytesIO(SAMPLES[media_type])) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    name = MAIN_PARTS[media_type]
    return samples.packed({**parts, name: change(parts[name])})


def _entity_bomb(xml: bytes) -> bytes:
    levels = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
    return f'<!DOCTYPE d [<!ENTITY e0 "ha">{levels}]>'.encode() + xml.replace(b"oyer", b"&e9;")


@pytest.mark.parametrize("media_type", SAMPLES)
def test_entities_that_multiply_are_refused(tmp_path: Path, media_type: str) -> None:
    assert _refusal(tmp_path, _with_part(media_type, _entity_bomb)) == "damaged"


@pytest.mark.parametrize("media_type", SAMPLES)
def test_entities_that_name_a_file_are_refused_and_it_is_not_read(tmp_path: Path, media_type: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mot de passe")

    def naming_a_file(xml: bytes) -> bytes:
        declared = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}">]>'.encode()
        return declared + xml.replace(b"oyer", b"&x;")

    assert _refusal(tmp_path, _with_part(media_type, naming_a_file)) == "damaged"
    assert "mot de passe" not in (tmp_path / "output").read_text()


def _bomb(media_type: str) -> bytes:
    """Return the sample of a type whose main part inflates to 640 MiB."""
    out = io.BytesIO()
    part_name = MAIN_PARTS[media_type]
    with (
        zipfile.ZipFile(io.BytesIO(SAMPLES[media_type])) as package,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb,
    ):
        for name in package.namelist():
            if name != part_name:
                bomb.writestr(name, package.read(name))
        with bomb.open(part_name, "w", force_zip64=True) as part:
            for _ in range(640):
                part.write(b" " * MEBIBYTE)
    return out.getvalue()


@pytest.mark.parametrize("media_type", [DOCX, XLSX, PPTX, ODS])
def test_a_part_that_inflates_to_640_mebibytes_is_refused_before_it_does(
    tmp_path: Path, media_type: str
) -> None:
    assert _refusal(tmp_path, _bomb(media_type)) == "too_large"


@pytest.mark.parametrize("media_type", SAMPLES)
def test_every_cut_of_a_package_is_refused(tmp_path: Path, media_type: str) -> None:
    content = SAMPLES[media_type]
    path = tmp_path / "cut"
    for length in range(60, len(content), max(1, len(content) // 20)):
        path.write_bytes(content[:length])
        with pytest.raises(ParseError) as refusal:
            list(read_file(media_type, path))
        assert refusal.value.code == "damaged"


def _archive_of_many_entries(count: int) -> bytes:
    """Return an archive whose directory names its one entry so many times."""
    whole = samples.packed({"[Content_Types].xml": b"x"})
    end = whole.rindex(b"PK\x05\x06")
    start = whole.index(b"PK\x01\x02")
    entries = whole[start:end] * count
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(entries), start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + len(entries), 1)
    closing = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return whole[:start] + entries + end64 + locator + closing


def test_a_directory_of_a_million_entries_costs_the_application_next_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(_archive_of_many_entries(1_000_000))
    tracemalloc.start()
    started = time.process_time()
    media_type = judge_media_type(path, "x.docx")
    assert time.process_time() - started < 1
    assert tracemalloc.get_traced_memory()[1] < MEBIBYTE
    tracemalloc.stop()
    with pytest.raises(ParseError) as refusal:
        ChildReader(ReadingLimits()).read(path, media_type, tmp_path / "output")
    assert refusal.value.code == "too_large"


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (b"/Count 2", b"/Count 99999999999999999999"),
        (b"[0 0 595 842]", b"[0 0 1e38 99999999999999999999]"),
        (b"/F1 11 Tf", b"/F1 99999999999999999999999 Tf"),
        (b"60 780 Td", b"99999999999999999999999 -1e38 Td"),
        (b"/Length", b"/Length 99999999999999999999 /L"),
        (b"/Type /Page ", b"/Type /Page /Rotate 99999999999999999999 "),
    ],
)
def test_huge_numbers_in_a_pdf_end_in_its_text_or_a_reason(
    tmp_path: Path, found: bytes, instead: bytes
) -> None:
    content = samples.pdf(["Le loyer est payable"], ["Le préavis est de trois mois"]).replace(found, instead)
    try:
        extraction = _read(tmp_path, content)
    except ParseError as refusal:
        assert refusal.code in ("damaged", "no_text_layer", "too_large")  # noqa: PT017 - either is right
    else:
        assert any("loyer" in block.text for block in extraction.blocks)


HUGE = "9" * 5_000


@pytest.mark.parametrize(
    "content",
    [
        office_samples.xlsx_of(
            {
                "xl/worksheets/sheet1.xml": office_samples.worksheet(
                    f'<row r="{HUGE}"><c r="ZZZ{HUGE}" s="{HUGE}" t="str"><v>Le loyer.</v></c>'
                    f'<c t="s"><v>{HUGE}</v></c><c><v>{HUGE}</v></c></row>'
                )
            },
            ["S"],
        ),
        office_samples.ods_of(
            f'<table:table table:name="S"><table:table-row table:number-rows-repeated="{HUGE}">'
            f'<table:table-cell table:number-columns-repeated="{HUGE}">'
            f'<text:p>Le loyer.<text:s text:c="{HUGE}"/></text:p>'
            "</table:table-cell></table:table-row></table:table>"
        ),
        office_samples.odt(
            f'<text:h text:outline-level="{HUGE}">Le loyer.<text:s text:c="{HUGE}"/></text:h>'
        ),
        samples.word_of(
            f'<w:p><w:pPr><w:outlineLvl w:val="{HUGE}"/></w:pPr><w:r><w:t>Le loyer.</w:t></w:r></w:p>'
        ),
    ],
)
def test_huge_numbers_in_a_package_are_no_numbers(tmp_path: Path, content: bytes) -> None:
    assert any(block.text.startswith("Le loyer.") for block in _read(tmp_path, content).blocks)


def test_ten_thousand_pages_are_too_many(tmp_path: Path) -> None:
    assert MOST_PAGES < 10_000
    assert _refusal(tmp_path, samples.pdf(*([f"Page {number}"] for number in range(10_000)))) == "too_large"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rtl", "عقد الإيجار لمدة ثلاث سنوات"),
        ("rtl", "חוזה שכירות לשלוש שנים"),
        ("quotes", "l’article L. 313‑11 du code « de l’entrée »"),
        ("ligatures", "l'œuvre efficace et le cœur"),
    ],
)
@pytest.mark.parametrize("form", ["word", "odt", "text"])
def test_scripts_and_typography_are_kept(tmp_path: Path, name: str, text: str, form: str) -> None:
    content = {
        "word": samples.word(text),
        "odt": office_samples.odt(f"<text:p>{text}</text:p>"),
        "text": text.encode("utf-16"),
    }[form]
    assert [block.text for block in _read(tmp_path, content).blocks] == [text]


@pytest.mark.parametrize(
    "content",
    [
        samples.pdf(["Le loyer."]) + SAMPLES[DOCX],
        b"%PDF-1.4\n<html><script>alert(1)</script></html>",
        b"<html><script>alert(1)</script></html>\n" + samples.pdf(["Le loyer."]),
        SAMPLES[DOCX][:-22] + SAMPLES[XLSX],
    ],
)
def test_a_file_of_two_formats_is_read_as_the_first_or_refused(tmp_path: Path, content: bytes) -> None:
    try:
        texts = [block.text for block in _read(tmp_path, content).blocks]
    except (ParseError, UnsupportedType):
        return
    assert "alert" not in "".join(texts)


_CHANGES = st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 6)), max_size=8)
_FEW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _mutated(content: bytes, changes: list[tuple[int, bytes, int]]) -> bytes:
    for place, inserted, dropped in changes:
        at = place % (len(content) + 1)
        content = content[:at] + inserted + content[at + dropped :]
    return content


def _read_or_refuse(tmp_path: Path, media_type: str, content: bytes) -> None:
    """Read in this process; anything raised but a refusal fails the test."""
    path = tmp_path / "mutated"
    path.write_bytes(content)
    try:
        list(read_file(media_type, path))
    except ParseError as refusal:
        assert refusal.code  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("media_type", SAMPLES)
@_FEW
@given(changes=_CHANGES)
def test_a_package_with_changed_bytes_is_read_or_refused(
    tmp_path: Path, media_type: str, changes: list[tuple[int, bytes, int]]
) -> None:
    _read_or_refuse(tmp_path, media_type, _mutated(SAMPLES[media_type], changes))


@pytest.mark.parametrize("media_type", SAMPLES)
@_FEW
@given(changes=_CHANGES)
def test_a_package_with_changed_xml_is_read_or_refused(
    tmp_path: Path, media_type: str, changes: list[tuple[int, bytes, int]]
) -> None:
    content = _with_part(media_type, lambda xml: _mutated(xml, changes))
    _read_or_refuse(tmp_path, media_type, content)


@pytest.mark.parametrize("media_type", TEXTS)
@_FEW
@given(changes=_CHANGES)
def test_a_text_with_changed_bytes_is_read_or_refused(
    tmp_path: Path, media_type: str, changes: list[tuple[int, bytes, int]]
) -> None:
    _read_or_refuse(tmp_path, media_type, _mutated(TEXTS[media_type], changes))


@settings(_FEW, max_examples=15)
@given(changes=_CHANGES)
def test_a_pdf_with_changed_bytes_is_read_or_refused_whatever_happens_to_its_reader(
    tmp_path: Path, changes: list[tuple[int, bytes, int]]
) -> None:
    original = tmp_path / "original"
    original.write_bytes(_mutated(samples.pdf(["Le loyer."], ["Le préavis."]), changes))
    try:
        ChildReader(ReadingLimits()).read(original, PDF, tmp_path / "output")
    except ParseError as refusal:
        assert refusal.code  # noqa: PT017 - either outcome is right
