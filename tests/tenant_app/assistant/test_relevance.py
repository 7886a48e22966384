"""What counts as an answer in the documents, and what does not."""

import pytest

from tenant_app.assistant.relevance import QUOTED, READ, admitted
from tenant_app.retrieval.search import Hit, SearchAnswer
from tests.tenant_app.assistant.hits import a_hit

QUESTION = "Quel est le délai de recours gracieux ?"


def found(*hits: Hit, searched: int = 20) -> SearchAnswer:
    return SearchAnswer(hits, degraded=False, language="fr", searched=searched)


@pytest.mark.parametrize(
    ("passage", "dense", "strictness", "counts"),
    [
        ("Le délai du recours gracieux est de deux mois.", 0.6, QUOTED, True),
        ("Le délai du recours gracieux est de deux mois.", 0.0, QUOTED, True),
        ("La cuisson dure dix minutes.", 0.3, QUOTED, False),
        ("La cuisson dure dix minutes.", 0.0, READ, False),
        # Said in other words: only the meaning tells.
        ("On peut contester dans les deux mois.", 0.75, QUOTED, True),
        ("On peut contester dans les deux mois.", 0.45, QUOTED, False),
        ("On peut contester dans les deux mois.", 0.45, READ, True),
        # The vector is not computed yet: the words alone tell.
        ("Le délai est long.", 0.0, QUOTED, False),
        ("Le délai est long.", 0.0, READ, True),
    ],
)
def test_words_and_meaning_decide_together(
    passage: str, dense: float, strictness: float, counts: bool
) -> None:
    hit = a_hit(passage, dense=dense)

    assert admitted(QUESTION, found(hit), "fr", strictness) == ((hit,) if counts else ())


def test_the_document_s_name_and_headings_speak_for_a_passage() -> None:
    hit = a_hit("Deux mois.", document="recours-gracieux.pdf", heading="Règles › Délai")

    assert admitted(QUESTION, found(hit), "fr", QUOTED) == (hit,)


def test_the_order_found_is_kept() -> None:
    hits = [a_hit("recours gracieux délai", chunk_id=number) for number in (3, 1, 2)]

    assert admitted(QUESTION, found(*hits), "fr", QUOTED) == tuple(hits)


@pytest.mark.parametrize("question", ["et le la ?", "?!"])
def test_a_question_without_any_telling_word_is_answered_by_meaning_only(question: str) -> None:
    assert admitted(question, found(a_hit(dense=0.0)), "fr", READ) == ()
    assert len(admitted(question, found(a_hit(dense=0.9)), "fr", QUOTED)) == 1


def test_more_is_asked_of_the_best_of_many_passages() -> None:
    hit = a_hit("Le délai de livraison est long.", dense=0.5)

    assert admitted(QUESTION, found(hit, searched=3), "fr", QUOTED) == (hit,)
    assert admitted(QUESTION, found(hit, searched=2000), "fr", QUOTED) == ()


def test_a_word_of_the_question_that_no_passage_holds_weighs_more() -> None:
    question = "Quelles sont les conditions du regroupement familial ?"
    near = a_hit("Les conditions des congés familiaux sont fixées par accord.", dense=0.31)
    there = a_hit("Le regroupement suppose un logement.", dense=0.3)

    assert admitted(question, found(near), "fr", QUOTED) == ()
    assert near in admitted(question, found(near, there), "fr", QUOTED)


def test_the_same_words_with_quite_another_meaning_are_no_answer() -> None:
    hit = a_hit("Lie down on the bill of the chair and pay attention.", dense=0.2)

    assert admitted("How can I pay my bill?", found(hit), "en", QUOTED) == ()


def test_less_is_asked_in_english_which_the_model_knows_better() -> None:
    hit = a_hit("Le délai de livraison est long.", dense=0.45)

    assert admitted(QUESTION, found(hit, searched=60), "fr", QUOTED) == ()
    assert admitted("Délai de recours gracieux", found(hit, searched=60), "en", QUOTED) == (hit,)
