"""Full-text and vector results in one order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.retrieval.fusion import DENSE_WEIGHTS, fuse
from tenant_app.retrieval.vectors import DimensionMismatch, cosine, dimension, pack, unpack

scores = st.dictionaries(st.integers(1, 50), st.floats(0.01, 30), max_size=20)
cosines = st.dictionaries(st.integers(1, 50), st.floats(-1, 1), max_size=20)


def test_one_search_alone_decides_when_the_other_found_nothing() -> None:
    assert [passage.chunk_id for passage in fuse({1: 2.0, 2: 5.0}, {}, 0.9)] == [2, 1]
    assert [passage.chunk_id for passage in fuse({}, {1: 0.2, 2: 0.5}, 0.1)] == [2, 1]
    assert fuse({}, {}, 0.5) == []


def test_words_weigh_more_in_french_and_meaning_in_english() -> None:
    lexical, dense = {1: 10.0, 2: 4.0}, {2: 0.8, 3: 0.7, 1: 0.3}
    assert fuse(lexical, dense, DENSE_WEIGHTS["fr"])[0].chunk_id == 1
    assert fuse(lexical, dense, DENSE_WEIGHTS["en"])[0].chunk_id == 2


def test_a_passage_both_find_comes_before_those_only_one_finds() -> None:
    assert fuse({1: 5.0, 2: 4.9}, {2: 0.9, 3: 0.1}, 0.2)[0].chunk_id == 2


@given(scores, cosines, st.floats(0, 1))
def test_scores_are_shares_in_descending_order_and_nothing_is_lost(
    lexical: dict[int, float], dense: dict[int, float], weight: float
) -> None:
    ranked = fuse(lexical, dense, weight)
    assert {passage.chunk_id for passage in ranked} == lexical.keys() | dense.keys()
    values = [passage.score for passage in ranked]
    assert values == sorted(values, reverse=True)
    assert all(-1e-9 <= value <= 1 + 1e-9 for value in values)


def test_vectors_are_stored_as_they_are() -> None:
    stored = pack([0.6, 0.8])
    assert dimension(stored) == 2
    assert unpack(stored) == pytest.approx((0.6, 0.8))
    assert cosine(stored, pack([0.8, 0.6])) == pytest.approx(0.96)
    with pytest.raises(DimensionMismatch):
        cosine(stored, pack([1.0]))
