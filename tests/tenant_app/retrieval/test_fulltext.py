"""Full-text search over passages in SQLite."""

import pytest

from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.fulltext import match_terms, remove_terms, stored_terms, term_weights
from tenant_app.retrieval.word_scoring import coverage
from tests.tenant_app.retrieval.passages_sample import PassagesSample


def _found(passages: PassagesSample, question: str) -> list[int]:
    with passages.database.read() as session:
        return list(match_terms(session, list(dict.fromkeys(analyse(question, "fr"))), 10))


def test_what_a_document_is_called_and_headed_counts_more_than_a_mention(passages: PassagesSample) -> None:
    mention = passages.add("Le préavis est mentionné ici parmi beaucoup d'autres choses.", name="a.txt")
    headed = passages.add("Il est de trois mois pour le locataire et de six pour lui.", heading="Le préavis")
    named = passages.add("Il est de trois mois pour le locataire et de six pour lui.", name="préavis.txt")
    assert _found(passages, "préavis") == [named, headed, mention]


def test_an_article_is_found_by_its_number_however_it_is_written(passages: PassagesSample) -> None:
    wanted = passages.add("La carte est délivrée.", heading="Article L313-11")
    passages.add("La carte est délivrée.", heading="Article L313-12")
    for question in ("L. 313-11", "article L313-11", "l.313-11 ?", "l'article 313-11"):
        assert _found(passages, question)[0] == wanted


def test_nothing_to_look_for_finds_nothing(passages: PassagesSample) -> None:
    passages.add("Le préavis.")
    assert _found(passages, "") == []
    assert _found(passages, 'inconnu" OR "') == []


def test_removed_passages_are_not_found(passages: PassagesSample) -> None:
    chunk_id = passages.add("Le préavis.")
    with passages.database.write() as session:
        remove_terms(session, 1)
    assert _found(passages, "préavis") == []
    with passages.database.read() as session:
        assert stored_terms(session, {}, [chunk_id]) == {}


def test_coverage_is_the_weighted_share_of_a_question_that_a_passage_holds(passages: PassagesSample) -> None:
    rare = passages.add("Le nantissement du contrat.")
    for number in range(20):
        passages.add(f"Le contrat numéro {number}.", name=f"{number}.txt")
    terms = analyse("le nantissement d'un contrat", "fr")
    with passages.database.read() as session:
        weights = term_weights(session, terms)
        held = stored_terms(session, weights, [rare, rare + 1])
    assert coverage(weights, terms, held[rare]) == pytest.approx(1)
    assert 0 < coverage(weights, terms, held[rare + 1]) < 0.2
    assert coverage(weights, [], held[rare]) == 0
