"""How the benchmark of search judges an order of documents, and the shape of the set that is kept here."""

from pathlib import Path

import pytest

from benchmarks.plain_search import PlainBm25, order_by_ranks
from benchmarks.question_sets import SetQuestion, find_sets, quality, read_set

OWN_SETS = Path(__file__).resolve().parents[3] / "benchmarks" / "data"


def test_the_own_set_is_whole() -> None:
    (folder,) = find_sets([OWN_SETS])
    questions = read_set(folder)
    known = {document.id for document in questions.documents}
    assert len(known) == len(questions.documents) >= 120
    assert len(questions.questions) >= 60
    assert all(question.relevant.keys() <= known for question in questions.questions)


def test_an_answer_on_top_is_worth_everything_and_one_out_of_sight_nothing() -> None:
    questions = [SetQuestion("x", {"a": 1}), SetQuestion("y", {"b": 1})]
    found = quality(questions, [["a", "z"], [*(f"n{number}" for number in range(10)), "b"]])
    assert (found.hit, found.mrr, found.ndcg) == (0.5, 0.5, 0.5)


def test_places_are_discounted_and_grades_weighed() -> None:
    found = quality([SetQuestion("x", {"a": 2, "b": 1})], [["b", "a"]])
    assert found.mrr == 1
    assert found.ndcg == pytest.approx((1 + 2 / 1.58496) / (2 + 1 / 1.58496), abs=1e-4)


def test_plain_bm25_compares_stems_without_elisions_and_accents() -> None:
    bm25 = PlainBm25(["La cantine est fermée.", "L’employé donne sa démission."], "fr")
    assert bm25.order("démission de l'employe", once=True) == [1]


def test_ranks_are_added() -> None:
    assert order_by_ranks([1, 2, 3], [3, 1]) == [1, 3, 2]
