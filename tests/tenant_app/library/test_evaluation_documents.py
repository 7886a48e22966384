"""Real documents, when the evaluation set lies beside the repository; own samples of each case always."""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.tenant_app.library import samples
from tests.tenant_app.library.samples import EVALUATION_DOCUMENTS
from tests.tenant_app.library.scan_samples import picture, scanned_pdf
from tests.tenant_app.library.shelf import Shelf

MUST_FIND = "must find: "
# A handbook and a catalogue of fifty sheets, half a minute to two minutes each; a smaller document of each of
# these formats is read in every run, here and in test_reading_*.
LONG = frozenset({"fr_rgaa_4.1.odt", "fr_faq_covid_50_feuilles.xlsx", "en_patient_guide_76_pages.pdf"})


def _manifest() -> list[tuple[Path, str]]:
    """Return each file with what is expected of it."""
    manifest = EVALUATION_DOCUMENTS / "manifest.csv"
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as lines:
        return [(EVALUATION_DOCUMENTS / row["file"], row["expected"]) for row in csv.DictReader(lines)]


def _readable() -> list[tuple[bytes, str, list[str]]]:
    real = [
        (path.read_bytes(), path.name, expected.partition(MUST_FIND)[2].split(" || "))
        for path, expected in _manifest()
        if MUST_FIND in expected
    ]
    own = [
        (samples.pdf(["Le dépôt de garantie."]), "bail.pdf", ["dépôt de garantie"]),
        (samples.word("x", table=[["Taux horaire : 10,15 €"]]), "heures.docx", ["Taux horaire : 10,15 €"]),
        ("<p>L'été était chaud".encode("cp1252"), "cp1252.html", ["L'été était chaud"]),
        (scanned_pdf(picture(["Le badge perdu est remplacé"])), "scan.pdf", ["Le badge perdu est remplacé"]),
    ]
    return [*own, *real]


def _parameters() -> list[Any]:
    """Each document with its phrases: the long ones among the faults, all others in every run."""
    return [
        pytest.param(*one, id=one[1], marks=pytest.mark.faults if one[1] in LONG else ())
        for one in _readable()
    ]


def _refused() -> list[tuple[bytes, str]]:
    real = [(path.read_bytes(), path.name) for path, expected in _manifest() if MUST_FIND not in expected]
    return [(samples.cyclic_pdf(), "cycle.pdf"), (samples.encrypted_pdf(), "secret.pdf"), *real]


@pytest.mark.parametrize(("content", "name", "phrases"), _parameters())
def test_each_phrase_is_found_in_its_document(
    working: Shelf, content: bytes, name: str, phrases: list[str]
) -> None:
    document = working.add(content, name)
    assert document["status"] == "indexed", document["error"]
    for phrase in phrases:
        passages = [" ".join(hit["passage"].split()) for hit in working.search(phrase, top_k=10)["results"]]
        assert any(phrase in passage for passage in passages), phrase


@pytest.mark.parametrize(("content", "name"), _refused(), ids=[name for _, name in _refused()])
def test_what_cannot_be_read_is_refused_with_a_reason_and_nothing_is_indexed(
    working: Shelf, content: bytes, name: str
) -> None:
    answer = working.upload(content, name)
    if answer.status_code == 415:
        assert answer.get_json()["detail"]
        assert working.documents() == []
        return
    document = working.wait_for(answer.get_json()["id"])
    assert (document["status"], document["chunks"]) == ("failed", 0)
    assert document["error"]["message"]
