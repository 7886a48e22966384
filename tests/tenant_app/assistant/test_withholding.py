"""Of an answer from several documents, the sentences of those still seen stay, at places that are right."""

from dataclasses import asdict

import pytest

from tenant_app.assistant.checking import CheckedSentence
from tenant_app.assistant.citations import marks_in
from tenant_app.assistant.models import CitedPassage, Turn
from tenant_app.assistant.sentences import sentences
from tenant_app.assistant.withholding import PART_WITHHELD, Sight, withhold
from tenant_app.billing.models import Mode

FIRST = "Le préavis est de trois mois. Il court de la lettre. [1]"
SECOND = "Le loyer est de 800 euros. Il est payé d'avance. [2]"
THIRD = "Les clés sont au gardien. [1]"


def a_turn(text: str, mode: Mode) -> Turn:
    """Return an answer whose passages 1, 2 and 3 are of documents 10, 20 and 30."""
    stated = [
        CheckedSentence(
            text=text[span.start : span.end],
            start=span.start,
            end=span.end,
            supported=True,
            support=1.0,
            doubt=None,
            citations=marks_in(text[span.start : span.end]),
        )
        for span in sentences(text)
    ]
    return Turn(
        answer=text,
        mode=mode,
        language="fr",
        notices=[],
        sentences=[asdict(sentence) for sentence in stated],
        near_misses=[],
        citations=[CitedPassage(n=n, document_id=10 * n) for n in marks_in(text)],
    )


def read(turn: Turn, hidden: int) -> str:
    """Return what is read of the answer by somebody who does not see one document."""
    withhold([turn], Sight(seen=frozenset({10, 20, 30} - {hidden}), hidden=frozenset({hidden})))
    for sentence in turn.sentences:
        assert turn.answer[sentence["start"] : sentence["end"]] == sentence["text"]
    assert all(citation.document_id != hidden for citation in turn.citations)
    return turn.answer


@pytest.mark.parametrize(
    ("hidden", "left"), [(20, f"{FIRST}\n\n{THIRD}"), (10, SECOND)], ids=["in the middle", "around"]
)
def test_a_mark_of_an_extracted_answer_stands_for_the_sentences_before_it(hidden: int, left: str) -> None:
    turn = a_turn(f"{FIRST}\n\n{SECOND}\n\n{THIRD}", "local")

    assert read(turn, hidden) == f"{left}\n\n{PART_WITHHELD['fr']}"
    assert turn.notices == ["withheld"]


def test_a_sentence_written_by_a_model_that_cites_nothing_may_come_from_any_document() -> None:
    turn = a_turn("Le bail dure trois ans [1]. Le loyer est de 800 euros. Il est payé d'avance [2].", "llm")

    assert read(turn, 20) == f"Le bail dure trois ans [1].\n\n{PART_WITHHELD['fr']}"


def test_a_sentence_drawn_from_two_documents_needs_both() -> None:
    turn = a_turn("Le bail dure trois ans [1][3]. Le loyer est de 800 euros [3].", "llm")

    assert read(turn, 10) == f"Le loyer est de 800 euros [3].\n\n{PART_WITHHELD['fr']}"


def test_an_answer_that_cites_nothing_hidden_stays_as_it_was() -> None:
    turn = a_turn(FIRST, "local")

    assert read(turn, 20) == FIRST
    assert turn.notices == []
