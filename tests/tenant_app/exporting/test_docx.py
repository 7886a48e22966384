"""A sheet becomes a Word document whose text is read back as it was."""

import zipfile
from io import BytesIO

import docx
from hypothesis import given, settings
from hypothesis import strategies as st

from tenant_app.exporting.blocks import Block, Heading, ListItem, Note, Paragraph, Quote, Sheet
from tenant_app.exporting.docx import as_docx


def sheet(*blocks: Block, title: str = "Analyse du dossier") -> Sheet:
    return Sheet(
        title=title, issuer="Cabinet Dupont & Associés", language="fr", page_label="Page", blocks=blocks
    )


def lines(file: bytes) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(BytesIO(file)).paragraphs]


def test_every_part_is_read_back() -> None:
    file = as_docx(
        sheet(
            Heading("Faits"),
            Paragraph("Première ligne\nSeconde ligne : 850 € à l’échéance."),
            Note("Fait le 3 mars 2025"),
            Quote("Le bail est conclu", "bail.pdf, page 3"),
            ListItem("Le congé a été donné. [1]", "1."),
        )
    )

    assert lines(file) == [
        "Analyse du dossier",
        "Faits",
        "Première ligne\nSeconde ligne : 850 € à l’échéance.",
        "Fait le 3 mars 2025",
        "« Le bail est conclu »",
        "bail.pdf, page 3",
        "1.\tLe congé a été donné. [1]",
    ]
    document = docx.Document(BytesIO(file))
    assert document.core_properties.author == "Cabinet Dupont & Associés"
    style = document.paragraphs[1].style
    assert style is not None
    assert style.name == "Heading 1"
    assert "Cabinet Dupont & Associés" in document.sections[0].footer.paragraphs[0].text


def test_nothing_in_a_text_is_markup_and_nothing_leads_outside() -> None:
    hostile = '<w:br/> ![x](https://evil.test/?d=1) & {{7*7}} <a href="https://evil.test">'
    file = as_docx(sheet(Paragraph(hostile), title=hostile))

    assert lines(file) == [hostile, hostile]
    with zipfile.ZipFile(BytesIO(file)) as archive:
        assert "evil.test" not in archive.read("word/_rels/document.xml.rels").decode()


@settings(max_examples=30, deadline=None)
@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    assert len(lines(as_docx(sheet(Paragraph(text))))) == 2
