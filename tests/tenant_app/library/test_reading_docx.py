"""What is read from Word documents, and which are refused."""

import zipfile
from pathlib import Path

import pytest

from tenant_app.library.parsing import package as guarded
from tenant_app.library.parsing import zip_directory
from tenant_app.library.parsing.docx import read_docx
from tenant_app.library.parsing.protocol import Block, ParseError
from tests.tenant_app.library import samples


def _read(tmp_path: Path, content: bytes) -> list[object]:
    path = tmp_path / "document"
    path.write_bytes(content)
    return list(read_docx(path))


def test_headings_paragraphs_and_tables_come_in_order(tmp_path: Path) -> None:
    content = samples.word("Le loyer.", heading="Bail", table=[["Mois", "Montant"], ["Janvier", "800 €"]])
    assert _read(tmp_path, content) == [
        Block("Bail", level=1),
        Block("Le loyer."),
        Block("Mois | Montant"),
        Block("Janvier | 800 €"),
    ]


def test_runs_are_joined_without_spaces(tmp_path: Path) -> None:
    body = "<w:p>" + "".join(f"<w:r><w:t>{part}</w:t></w:r>" for part in ("soci", "é", "t", "é")) + "</w:p>"
    assert _read(tmp_path, samples.word_of(body)) == [Block("société")]


def test_breaks_tabs_and_hyphens_are_characters_and_deleted_text_is_none(tmp_path: Path) -> None:
    body = (
        "<w:p><w:r><w:t>avant</w:t><w:br/><w:t>après</w:t><w:tab/><w:t>pré</w:t><w:noBreakHyphen/><w:t>avis</w:t>"
        "</w:r><w:del><w:r><w:delText>effacé</w:delText></w:r></w:del></w:p>"
    )
    assert _read(tmp_path, samples.word_of(body)) == [Block("avant après pré-avis")]


def test_levels_come_from_styles_and_outlines_and_contents_are_left_out(tmp_path: Path) -> None:
    styles = (
        f'<w:styles xmlns:w="{samples.W}">'
        '<w:style w:styleId="T2"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:styleId="Own"><w:name w:val="Maison"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>'
        '<w:style w:styleId="T"><w:name w:val="Title"/></w:style>'
        '<w:style w:styleId="TM1"><w:name w:val="toc 1"/></w:style>'
        '<w:style w:styleId="N"><w:name w:val="Normal"/></w:style></w:styles>'
    )
    body = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{style}</w:t></w:r></w:p>'
        for style in ("T", "T2", "TM1", "Own", "N")
    )
    own = '<w:p><w:pPr><w:outlineLvl w:val="4"/></w:pPr><w:r><w:t>direct</w:t></w:r></w:p>'
    assert _read(tmp_path, samples.word_of(body + own, styles=styles)) == [
        Block("T", level=1),
        Block("T2", level=2),
        Block("Own", level=3),
        Block("N"),
        Block("direct", level=5),
    ]


def test_paragraphs_in_content_controls_and_notes_are_read(tmp_path: Path) -> None:
    body = "<w:sdt><w:sdtContent><w:p><w:r><w:t>dans un champ</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    notes = (
        f'<w:footnotes xmlns:w="{samples.W}"><w:footnote><w:p><w:r><w:t>Voir l\'annexe.</w:t></w:r></w:p>'
        "</w:footnote><w:footnote/></w:footnotes>"
    )
    assert _read(tmp_path, samples.word_of(body, footnotes=notes)) == [
        Block("dans un champ"),
        Block("Voir l'annexe."),
    ]


def test_a_cell_with_two_paragraphs_keeps_its_words_apart(tmp_path: Path) -> None:
    cell = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in ("un", "deux"))
    body = f"<w:tbl><w:tr><w:tc>{cell}</w:tc></w:tr><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>"
    assert _read(tmp_path, samples.word_of(body)) == [Block("un deux")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (samples.word("Texte")[:700], "damaged"),
        (samples.packed({"[Content_Types].xml": b""}), "damaged"),
        (samples.word_of("<w:p>"), "damaged"),
        (samples.packed({"word/document.xml": f'<w:document xmlns:w="{samples.W}"/>'.encode()}), "damaged"),
        (samples.word_bomb(128), "too_large"),
        (samples.packed({f"{number}": b"" for number in range(zip_directory.MOST_ENTRIES + 1)}), "too_large"),
    ],
)
def test_what_is_not_a_whole_document_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, content)
    assert refusal.value.code == code


def test_a_part_that_inflates_to_more_than_it_declares_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded, "MOST_XML_BYTES", 1000)
    content = samples.word_of("<w:p/>" * 500)
    real_size = len(f'<w:document xmlns:w="{samples.W}"><w:body>{"<w:p/>" * 500}</w:body></w:document>')
    lying = content.replace(real_size.to_bytes(4, "little"), (900).to_bytes(4, "little"))
    assert lying != content
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, lying)
    assert refusal.value.code in ("too_large", "damaged")


def test_an_encrypted_part_is_refused(tmp_path: Path) -> None:
    content = samples.word_of("<w:p/>")
    path = tmp_path / "document"
    path.write_bytes(content)
    with zipfile.ZipFile(path) as package:
        offsets = [entry.header_offset for entry in package.infolist()]
    marked = bytearray(content)
    for offset in offsets:
        marked[offset + 6] |= 1
    central = marked.index(b"PK\x01\x02")
    marked[central + 8] |= 1
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, bytes(marked))
    assert refusal.value.code == "encrypted"


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("ne pas lire")
    xml = (
        f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}">]><w:document xmlns:w="{samples.W}"><w:body>'
        "<w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
    )
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, samples.packed({"word/document.xml": xml.encode()}))
    assert refusal.value.code == "damaged"
