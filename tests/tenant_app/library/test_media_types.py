"""A file is what its bytes say, whatever its name."""

from pathlib import Path

import pytest

from tenant_app.errors import InvalidInput, UnsupportedType
from tenant_app.library.media_types import judge_media_type
from tenant_app.library.names import LONGEST_NAME, accepted_name
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

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _judged(tmp_path: Path, content: bytes, name: str = "document") -> str:
    path = tmp_path / "file"
    path.write_bytes(content)
    return judge_media_type(path, name)


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (samples.pdf(["x"]), "photo.png", PDF),
        (b"%PDF-1.4\n<html><script>alert(1)</script>", "page.html", PDF),
        (samples.word("x"), "archive.zip", DOCX),
        (samples.word("x")[:700], "document.docx", DOCX),
        (b"<!DOCTYPE html><p>x", "document.pdf", HTML),
        (b"\xef\xbb\xbf <html lang='fr'>", "x", HTML),
        (b"<!-- page --><html>", "x", HTML),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0">', "x", HTML),
        (b"# Titre", "note.md", MARKDOWN),
        (b"# Titre", "note.MARKDOWN", MARKDOWN),
        (b"# Titre", "note.docx", PLAIN_TEXT),
        ("L'été".encode("cp1252"), "x.txt", PLAIN_TEXT),
        ("L'été".encode("utf-16"), "x.txt", PLAIN_TEXT),
        (office_samples.odt("<text:p>x</text:p>"), "x.docx", ODT),
        (office_samples.odt("<text:p>x</text:p>")[:400], "x", ODT),
        (office_samples.ods({"Loyers": [["x"]]}), "x", ODS),
        (office_samples.xlsx({"Loyers": [["x"]]}), "x", XLSX),
        (office_samples.pptx([("Bilan", ["x"])]), "x", PPTX),
        (b"From: a@b.test\r\nTo: c@d.test\r\nSubject: Bail\r\n\r\ntexte", "x.txt", MAIL),
        (b"Received: by x\n" * 2000 + b"From: a@b.test\nDate: x\nSubject: y\n\nz", "x", MAIL),
        (b"Subject: an essay\nFrom: memory\n\nDate: none", "x.txt", PLAIN_TEXT),
        (b"Mois;Loyer\nMai;800\n", "loyers.csv", CSV),
        ("Mois\tLoyer\nMai\t800\n".encode("utf-16"), "loyers.tsv", CSV),
        (b"Mois;Loyer\nMai;800\n", "loyers.txt", PLAIN_TEXT),
        (b"Un texte.\nEncore un.\n", "texte.csv", PLAIN_TEXT),
        (b"Bonjour : ceci n'est pas un courriel", "x.txt", PLAIN_TEXT),
    ],
)
def test_accepted_files_are_known_by_their_bytes(
    tmp_path: Path, content: bytes, name: str, media_type: str
) -> None:
    assert _judged(tmp_path, content, name) == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"<html><body>%PDF-1.4",
        b"GIF89a\x00\x01",
        b"\x7fELF\x02\x01",
        samples.packed({"content.xml": b"", "mimetype": b"application/epub+zip"}),
        samples.packed({"xl/workbook.xml": b""}),
        samples.packed({"[Content_Types].xml": b"", "xl/workbook.xml": b"", "word/document.xml": b""}),
        samples.packed(
            {
                "mimetype": b"application/vnd.oasis.opendocument.text",
                "[Content_Types].xml": b"",
                "word/document.xml": b"",
            }
        ),
        samples.packed({"notes.txt": b"x" * 200})[:60],
        OLE + b"WordDocument",
        b"{\\rtf1 texte}",
        b"%!PS-Adobe",
        b"From: a@b.test\nTo: c@d.test\nMIME-Version: 1.0\n\n\x00",
        b"<?xml version='1.0'?><svg/>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_other_files_are_refused_whatever_their_name(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnsupportedType):
        _judged(tmp_path, content, "document.pdf")


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"<!-- -->" * 1000 + b"x", PLAIN_TEXT),
        (b"<!-- -->" * 1000 + b"<html>", HTML),
        (b"<!-- " * 1600, PLAIN_TEXT),
        (b" " * 8000 + b"x", PLAIN_TEXT),
    ],
)
def test_a_text_made_to_be_judged_for_ever_is_judged_at_once(
    tmp_path: Path, content: bytes, media_type: str
) -> None:
    assert _judged(tmp_path, content) == media_type


def test_an_office_document_with_a_password_is_refused_as_such(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedType) as refusal:
        _judged(tmp_path, OLE + bytes(1000) + "EncryptedPackage".encode("utf-16-le"))
    assert refusal.value.code == "encrypted"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refusal:
        _judged(tmp_path, b"")
    assert refusal.value.code == "empty-file"


@pytest.mark.parametrize("name", ["contrat.pdf", "été (1).docx", "=cmd.txt", "x" * LONGEST_NAME, "عقد.pdf"])
def test_ordinary_names_are_kept_as_they_are(name: str) -> None:
    assert accepted_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "  ",
        ".",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\contrat.pdf",
        "a\x00b.pdf",
        "a\nb.pdf",
        "cv\u202excod.exe",
        "x" * (LONGEST_NAME + 1),
    ],
)
def test_names_that_could_be_something_else_are_refused(name: str | None) -> None:
    with pytest.raises(InvalidInput) as refusal:
        accepted_name(name)
    assert refusal.value.code == "invalid-file-name"
