"""What is read from OpenDocument texts and PowerPoint presentations."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenant_app.library.parsing.odt import read_odt
from tenant_app.library.parsing.pptx import read_pptx
from tenant_app.library.parsing.protocol import Block, PageCount, ParseError, Part, SkippedPage
from tests.tenant_app.library import office_samples, samples


def _read(tmp_path: Path, reader: Callable[[Path], Iterator[Part]], content: bytes) -> list[Part]:
    path = tmp_path / "document"
    path.write_bytes(content)
    return list(reader(path))


def _odt(tmp_path: Path, body: str, styles: str = "") -> list[Part]:
    return _read(tmp_path, read_odt, office_samples.odt(body, styles))


def test_headings_paragraphs_lists_and_tables_come_in_order(tmp_path: Path) -> None:
    body = (
        '<text:h text:outline-level="2">Durée</text:h><text:section><text:p>Un an.</text:p></text:section>'
        "<text:list><text:list-item><text:p>passeport</text:p><text:p>en cours</text:p>"
        "<text:list><text:list-item><text:p>copie</text:p></text:list-item></text:list></text:list-item></text:list>"
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Mois</text:p>"
        "</table:table-cell><table:table-cell><text:p>Loyer</text:p><text:p>net</text:p></table:table-cell>"
        "</table:table-row></table:table-header-rows><table:table-row><table:table-cell/></table:table-row>"
        "</table:table><text:p>Article 4 - Résiliation</text:p>"
    )
    assert _odt(tmp_path, body) == [
        Block("Durée", level=2),
        Block("Un an."),
        Block("- passeport"),
        Block("en cours"),
        Block("- copie"),
        Block("Mois | Loyer net"),
        Block("Article 4 - Résiliation", level=6),
    ]


def test_the_title_is_a_heading_by_its_style_or_that_styles_parent(tmp_path: Path) -> None:
    styles = '<style:style style:name="P1" style:parent-style-name="Title"/>'
    body = '<text:p text:style-name="P1">Bail</text:p><text:p text:style-name="Title">commercial</text:p>'
    assert _odt(tmp_path, body, styles) == [Block("Bail", level=1), Block("commercial", level=1)]


def test_styles_that_descend_from_each_other_do_not_hold_the_reader(tmp_path: Path) -> None:
    styles = "".join(
        f'<style:style style:name="{name}" style:parent-style-name="{parent}"/>'
        for name, parent in ("AB", "BA")
    )
    assert _odt(tmp_path, '<text:p text:style-name="A">x</text:p>', styles) == [Block("x")]


def test_words_are_joined_as_they_are_shown(tmp_path: Path) -> None:
    body = (
        '<text:p>so<text:span>ci</text:span>été<text:s text:c="3"/>anonyme<text:tab/>au'
        "<text:line-break/>capital"
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>variable</text:p>"
        "</text:note-body></text:note>"
        "<office:annotation><text:p>à revoir</text:p></office:annotation></text:p>"
    )
    assert _odt(tmp_path, body) == [Block("société anonyme au capital (variable)")]


def test_deleted_text_and_tables_of_contents_are_not_read(tmp_path: Path) -> None:
    body = (
        "<text:tracked-changes><text:p>effacé</text:p></text:tracked-changes>"
        "<text:table-of-content><text:p>Durée 3</text:p></text:table-of-content>"
        "<text:p>Un an.</text:p>"
    )
    assert _odt(tmp_path, body) == [Block("Un an.")]


MANIFEST = (
    b'<manifest:manifest xmlns:manifest="urn:x"><manifest:file-entry><manifest:encryption-data/>'
    b"</manifest:file-entry></manifest:manifest>"
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (office_samples.odt("x")[:300], "damaged"),
        (office_samples.odt("<text:p>"), "damaged"),
        (samples.packed({"mimetype": b"application/vnd.oasis.opendocument.text"}), "damaged"),
        (samples.packed({"content.xml": b"<office/>"}), "damaged"),
        (office_samples.odt("<text:p>x</text:p>", parts={"META-INF/manifest.xml": MANIFEST}), "encrypted"),
    ],
)
def test_what_is_not_a_whole_text_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, read_odt, content)
    assert refusal.value.code == code


def test_each_slide_is_a_page_under_its_title(tmp_path: Path) -> None:
    cells = "".join(
        f"<a:tc><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"
        for text in ("Loyer", "800")
    )
    table = f"<p:graphicFrame><a:graphic><a:tbl><a:tr>{cells}</a:tr></a:tbl></a:graphic></p:graphicFrame>"
    extra = table + office_samples.shape(["Cabinet Dupont"], "ftr")
    content = office_samples.pptx([("Bilan", ["Chiffre d'affaires", "Charges"]), ("", ["Fin"])], extra)
    assert _read(tmp_path, read_pptx, content) == [
        PageCount(2),
        Block("Bilan", level=1, page=1),
        Block("Chiffre d'affaires", page=1),
        Block("Charges", page=1),
        Block("Loyer | 800", page=1),
        Block("Fin", page=2),
        Block("Loyer | 800", page=2),
    ]


def test_groups_breaks_and_notes_are_read_and_old_copies_are_not(tmp_path: Path) -> None:
    runs = "<a:r><a:t>d'aff</a:t></a:r><a:r><a:t>aires</a:t></a:r>"
    paragraph = f"<a:p><a:r><a:t>Chiffre</a:t></a:r><a:br/>{runs}</a:p>"
    shapes = (
        f"<p:grpSp><p:sp><p:txBody>{paragraph}</p:txBody></p:sp></p:grpSp>"
        f'<mc:AlternateContent xmlns:mc="urn:mc"><mc:Choice>{office_samples.shape(["récent"])}</mc:Choice>'
        f"<mc:Fallback>{office_samples.shape(['ancien'])}</mc:Fallback></mc:AlternateContent>"
    )
    notes = office_samples.slide(
        office_samples.shape(["à dire"], "body") + office_samples.shape(["1"], "sldNum")
    )
    content = office_samples.pptx_of(
        {
            "ppt/slides/slide1.xml": office_samples.slide(shapes),
            "ppt/slides/_rels/slide1.xml.rels": office_samples.relations(["../notesSlides/notesSlide1.xml"]),
            "ppt/notesSlides/notesSlide1.xml": notes,
        }
    )
    assert _read(tmp_path, read_pptx, content) == [
        PageCount(1),
        Block("Chiffre d'affaires", page=1),
        Block("récent", page=1),
        Block("à dire", page=1),
    ]


def test_a_damaged_slide_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    content = office_samples.pptx_of(
        {
            "ppt/slides/slide1.xml": office_samples.slide(office_samples.shape(["Un"])),
            "ppt/slides/slide2.xml": "<p:sld>",
            "ppt/slides/slide3.xml": office_samples.slide(office_samples.shape(["Trois"])),
        }
    )
    assert _read(tmp_path, read_pptx, content) == [
        PageCount(3),
        Block("Un", page=1),
        SkippedPage(2),
        Block("Trois", page=3),
    ]
