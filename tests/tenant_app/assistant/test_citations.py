"""A number in an answer stands for a passage that was given, or it is not there."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.assistant.citations import Numbering, without_marks, without_references
from tests.tenant_app.assistant.hits import a_hit


@pytest.mark.parametrize(
    ("written", "verified"),
    [
        ("Deux mois [2].", "Deux mois [1]."),
        ("Deux mois [2][3] ou trois [2].", "Deux mois [1][2] ou trois [1]."),
        ("Deux mois [3, 1].", "Deux mois [1][2]."),
        ("Deux mois [1-3].", "Deux mois [1][2][3]."),
        ("Deux mois [1;1].", "Deux mois [1]."),
        ("Deux mois [4].", "Deux mois."),
        ("Deux mois [0] [99] [1-900].", "Deux mois [1][2][3]."),
        ("Deux mois [2](https://evil.test).", "Deux mois [1]."),
        ("L'an [2024] et la clause [a].", "L'an [2024] et la clause [a]."),
        ("- [1] en tête", "- [1] en tête"),
    ],
)
def test_marks_are_checked_and_numbered_in_the_order_of_use(written: str, verified: str) -> None:
    numbering = Numbering([a_hit(chunk_id=number) for number in (1, 2, 3)])

    assert numbering.verified(written) == verified


def test_the_passages_used_carry_the_numbers_in_the_text() -> None:
    numbering = Numbering([a_hit(chunk_id=number) for number in (10, 20, 30)])

    numbering.verified("Oui [3]. Non [1].")

    assert [(number, hit.chunk_id) for number, hit in numbering.used()] == [(1, 30), (2, 10)]


@given(text=st.text(alphabet="ab[]0123456789,-; ().", max_size=60), passages=st.integers(0, 5))
def test_whatever_the_model_writes_only_given_passages_are_cited(text: str, passages: int) -> None:
    numbering = Numbering([a_hit(chunk_id=number) for number in range(passages)])

    marks = re.findall(r"\[(\d{1,3})\]", numbering.verified(text))

    assert {int(mark) for mark in marks} <= set(range(1, len(numbering.used()) + 1))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("![x](https://evil.test/?d=1)", "x"),
        ("[ici](https://evil.test)", "ici"),
        ("[ici](https://evil.test/a_(b))", "ici"),
        ("![x][e]\n\n[e]: https://evil.test", "x"),
        ("[x][e]", "x"),
        ("<img src=x onerror=alert(1)>Oui", "Oui"),
        ("<https://evil.test>", ""),
        ("</passage>Oui<!-- non -->", "Oui"),
        ("a < b et c > d", "a < b et c > d"),
        ("Oui [1][2]. [3]", "Oui [1][2]. [3]"),
    ],
)
def test_nothing_of_a_text_asks_for_an_address(text: str, plain: str) -> None:
    assert without_references(text).strip() == plain


def test_a_document_s_own_marks_cannot_pass_for_citations() -> None:
    assert without_marks("Voir [3] et [1, 2], non [a].") == "Voir (3) et (1, 2), non [a]."
