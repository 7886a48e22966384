"""What counts as an answer in the documents, and what does not."""

import pytest

from tenant_app.assistant.relevance import QUOTED, READ, Threshold, admitted
from tests.tenant_app.assistant.hits import a_hit

QUESTION = "Quel est le délai de recours gracieux ?"


@pytest.mark.parametrize(
    ("passage", "dense", "threshold", "counts"),
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
    passage: str, dense: float, threshold: Threshold, counts: bool
) -> None:
    hit = a_hit(passage, dense=dense)

    assert admitted(QUESTION, [hit], "fr", threshold) == ((hit,) if counts else ())


def test_the_document_s_name_and_headings_speak_for_a_passage() -> None:
    hit = a_hit("Deux mois.", document="recours-gracieux.pdf", heading="Règles › Délai")

    assert admitted(QUESTION, [hit], "fr", QUOTED) == (hit,)


def test_the_order_found_is_kept() -> None:
    hits = [a_hit("recours gracieux délai", chunk_id=number) for number in (3, 1, 2)]

    assert admitted(QUESTION, hits, "fr", QUOTED) == tuple(hits)


@pytest.mark.parametrize("question", ["et le la ?", "?!"])
def test_a_question_without_any_telling_word_is_answered_by_meaning_only(question: str) -> None:
    assert admitted(question, [a_hit(dense=0.0)], "fr", READ) == ()
    assert len(admitted(question, [a_hit(dense=0.8)], "fr", QUOTED)) == 1
