"""What is read from PDF files, page by page, and which are refused."""

from pathlib import Path

import pypdfium2
import pypdfium2.raw
import pytest

from tenant_app.library.parsing.pdf import MOST_PAGES, read_pdf
from tenant_app.library.parsing.protocol import Block, PageCount, ParseError, SkippedPage
from tests.tenant_app.library import samples


def _write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "document"
    path.write_bytes(content)
    return path


def test_paragraphs_keep_their_page_number(tmp_path: Path) -> None:
    content = samples.pdf(["Le loyer est payable d'avance."], ["Le préavis est de trois mois."])
    parts = list(read_pdf(_write(tmp_path, content)))
    assert parts == [
        PageCount(2),
        Block("Le loyer est payable d'avance.", page=1),
        Block("Le préavis est de trois mois.", page=2),
    ]


def test_lines_of_one_paragraph_are_joined_and_articles_are_headings(tmp_path: Path) -> None:
    content = samples.pdf(
        [
            "Article 4 - Résiliation",
            "Le contrat peut être résilié par chacune des parties",
            "moyennant un préavis de trois mois adressé par lettre",
            "recommandée avec accusé de réception.",
        ]
    )
    blocks = [part for part in read_pdf(_write(tmp_path, content)) if isinstance(part, Block)]
    assert blocks[0] == Block("Article 4 - Résiliation", level=6, page=1)
    assert blocks[1].text == (
        "Le contrat peut être résilié par chacune des parties moyennant un préavis de trois mois adressé par "
        "lettre recommandée avec accusé de réception."
    )


def test_a_blank_page_among_others_is_no_failure(tmp_path: Path) -> None:
    parts = list(read_pdf(_write(tmp_path, samples.pdf([], ["Texte"]))))
    assert parts == [PageCount(2), Block("Texte", page=2)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (samples.encrypted_pdf(), "encrypted"),
        (samples.cyclic_pdf(), "damaged"),
        (samples.pdf([], []), "no_text_layer"),
        (b"%PDF-1.7\nnothing more", "damaged"),
        (samples.pdf(), "damaged"),
    ],
)
def test_what_gives_no_text_is_refused_with_its_reason(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(ParseError) as refusal:
        list(read_pdf(_write(tmp_path, content)))
    assert refusal.value.code == code


def test_a_pdf_cut_off_half_way_gives_its_reason_or_its_text_never_a_crash(tmp_path: Path) -> None:
    whole = samples.pdf(*([f"Page numéro {number}"] for number in range(20)))
    for length in range(10, len(whole), 97):
        try:
            list(read_pdf(_write(tmp_path, whole[:length])))
        except ParseError as refusal:
            assert refusal.code in ("damaged", "no_text_layer")  # noqa: PT017 - either outcome is right


def test_more_pages_than_anyone_reads_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError) as refusal:
        list(read_pdf(_write(tmp_path, samples.pdf(*([] for _ in range(MOST_PAGES + 1))))))
    assert refusal.value.code == "too_large"


@pytest.mark.parametrize("instead", [b"/Kids [4 0 R 99 0 R", b"/Kids [4 0 R 3 0 R ", b"/Kids [4 0 R null  "])
def test_an_unreadable_page_is_reported_and_the_others_keep_their_numbers(
    tmp_path: Path, instead: bytes
) -> None:
    good = samples.pdf(["Première page"], ["Deuxième page"], ["Troisième page"])
    broken = good.replace(b"/Kids [4 0 R 6 0 R", instead)
    assert list(read_pdf(_write(tmp_path, broken))) == [
        PageCount(3),
        Block("Première page", page=1),
        SkippedPage(2),
        Block("Troisième page", page=3),
    ]


def test_when_no_page_can_be_read_the_file_is_damaged_not_scanned(tmp_path: Path) -> None:
    broken = samples.pdf(["Texte"]).replace(b"/Kids [4 0 R]", b"/Kids [3 0 R]")
    with pytest.raises(ParseError) as refusal:
        list(read_pdf(_write(tmp_path, broken)))
    assert refusal.value.code == "damaged"


def _refuse(path: Path) -> None:
    raise pypdfium2.PdfiumError("Failed to load document", err_code=pypdfium2.raw.FPDF_ERR_FORMAT)


def test_what_pdfium_refuses_is_read_by_pypdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pypdfium2, "PdfDocument", _refuse)
    content = samples.pdf(["Le loyer."], [], ["Le préavis."])
    assert list(read_pdf(_write(tmp_path, content))) == [
        PageCount(3),
        Block("Le loyer.", page=1),
        Block("Le préavis.", page=3),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (samples.encrypted_pdf(), "encrypted"),
        (samples.cyclic_pdf(), "damaged"),
        (samples.pdf(["x"]).replace(b"/Root 1 0 R", b"/Root 8 0 R"), "damaged"),
        (b"%PDF-1.7 nothing more", "damaged"),
    ],
)
def test_what_neither_reads_is_refused_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, code: str
) -> None:
    monkeypatch.setattr(pypdfium2, "PdfDocument", _refuse)
    with pytest.raises(ParseError) as refusal:
        list(read_pdf(_write(tmp_path, content)))
    assert refusal.value.code == code
