"""What is read from PDF files, page by page, and which are refused."""

from pathlib import Path

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


def test_an_unreadable_page_is_reported_and_the_others_are_kept(tmp_path: Path) -> None:
    good = samples.pdf(["Première page"], ["Deuxième page"], ["Troisième page"])
    # The second page is named in the tree, but what stands there is no page.
    broken = good.replace(b"<< /Type /Page /Parent 2 0 R", b"<< /Tipe /Pagi /Parent 2 0 R", 2).replace(
        b"<< /Tipe /Pagi", b"<< /Type /Page", 1
    )
    parts = list(read_pdf(_write(tmp_path, broken)))
    assert Block("Première page", page=1) in parts
    assert Block("Troisième page", page=3) in parts
    assert SkippedPage(2) in parts or Block("Deuxième page", page=2) in parts
