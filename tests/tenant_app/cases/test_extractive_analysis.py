"""Without a language model an analysis is drawn from the documents, cites their exact words and says so."""

from typing import Any

from tenant_app.services import Services
from tests.tenant_app.cases.firm import Caller


def analyse(caller: Caller, case_id: int) -> dict[str, Any]:
    return caller.make(f"/api/cases/{case_id}/analyses", {})


def texts(analysis: dict[str, Any], kind: str) -> list[str]:
    return [point["text"] for point in analysis["points"] if point["kind"] == kind]


def test_each_kind_of_point_is_found_in_the_words_of_the_documents(anna: Caller, lease: int) -> None:
    analysis = analyse(anna, lease)

    assert (analysis["mode"], analysis["status"]) == ("local", "done")
    assert texts(analysis, "facts") == [
        "Le bail a été signé le 1er juillet 2022 pour un loyer mensuel de 850 euros.",
        "La locataire a payé 850,00 € par virement chaque mois jusqu'au 5 février 2025.",
        "La SCI Les Tilleuls, bailleresse, vous a donné congé le 3 mars 2025 pour reprise du logement.",
    ]
    assert "Le congé a-t-il été notifié dans le délai de six mois avant le terme du bail ?" in texts(
        analysis, "issues"
    )
    applicable = texts(analysis, "texts")
    assert applicable[:2] == [
        "Article 15 de la loi du 6 juillet 1989",
        "Article L. 442-6 du code de la construction et de l'habitation",
    ]
    assert any("six mois lorsqu'il émane du bailleur" in text for text in applicable)
    assert texts(analysis, "risks") == [
        "À défaut de départ à cette date, le bailleur demandera l'expulsion devant le juge."
    ]
    (limit,) = [point for point in analysis["points"] if point["day"] == "2025-06-30"]
    assert limit["kind"] == "deadlines"
    assert "la convention d'honoraires ou le mandat" in texts(analysis, "missing")
    assert "Rien n'est rédigé ni interprété." in analysis["summary"]
    assert "provider-not-configured" in [notice["code"] for notice in analysis["notices"]]


def test_every_citation_is_the_exact_words_at_its_offsets(anna: Caller, lease: int) -> None:
    analysis = analyse(anna, lease)

    numbers = {number for point in analysis["points"] for number in point["citations"]}
    assert numbers == {citation["n"] for citation in analysis["citations"]} != set()
    for citation in analysis["citations"]:
        place = f"/api/documents/{citation['document_id']}/passages/{citation['chunk_id']}"
        passage = anna.get(place)
        start = citation["char_start"] - passage["char_start"]
        end = citation["char_end"] - passage["char_start"]
        assert passage["passage"][start:end] == citation["quote"]
        assert citation["passage"] == passage["passage"]
    assert all(point["supported"] is not False for point in analysis["points"])


def test_the_confidence_is_measured_and_asks_for_a_review(anna: Caller, lease: int) -> None:
    analysis = analyse(anna, lease)

    assert 0 < analysis["confidence"] < 1
    assert analysis["threshold"] == 0.87
    assert analysis["needs_review"] is (analysis["confidence"] < 0.87)


def test_the_record_of_the_case_says_what_is_to_be_done(anna: Caller, lease: int) -> None:
    for title, day in [("Répondre au bailleur", "2025-01-10"), ("Audience", "2025-04-01")]:
        anna.make(f"/api/cases/{lease}/deadlines", {"title": title, "due_on": day})

    steps = texts(analyse(anna, lease), "next_steps")

    assert steps[:2] == ["Échéance dépassée : Répondre au bailleur", "Échéance à venir : Audience"]


def test_a_case_without_documents_is_analysed_for_what_it_is(anna: Caller) -> None:
    analysis = analyse(anna, anna.open_case("Succession Roux"))

    assert (analysis["confidence"], analysis["needs_review"]) == (0, True)
    assert {point["kind"] for point in analysis["points"]} == {"missing", "next_steps"}
    assert analysis["citations"] == []


def test_an_analysis_never_quotes_another_case(anna: Caller, lease: int, at_work: Services) -> None:
    secret = anna.open_case("Autre dossier sur un congé")
    anna.upload(
        "Le bailleur Durand a donné congé le 4 mars 2025 au locataire Petit.".encode(), "s.md", secret
    )
    anna.wait_until_read(at_work)

    cited = {citation["document"] for citation in analyse(anna, lease)["citations"]}

    assert cited == {"loi.md", "conge.md", "reponse.md"}
