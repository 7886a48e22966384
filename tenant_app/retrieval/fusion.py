"""Put the results of full-text and vector search into one order.

    score = (1 - w) · lexical / best lexical  +  w · (cosine - floor) / (best cosine - floor)

where the floor is the lowest cosine among the vector candidates, and w, the weight of the vectors, depends on
what the embedding model knows of the question's language. Scores rather than ranks are mixed: a rank forgets
by how much the first passage wins, which is what full-text search knows best.

The default model (all-MiniLM-L6-v2) was trained on English; w was chosen on the questions of even number of
each set. nDCG@10 of the odd ones (plain BM25 / vectors alone / equal-weight RRF / fused):

    French, w = 0.15     labour law          0.513 / 0.346 / 0.456 / 0.534
                         immigration code    0.359 / 0.256 / 0.322 / 0.380
    English, w = 0.8     hospital support    0.506 / 0.820 / 0.685 / 0.822

On the even ones 0.1 to 0.2 did alike in French, 0.7 to 0.9 in English. A question whose language does not
show gets a weight between the two, not measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tenant_app.retrieval.language import Language

DENSE_WEIGHTS: Final[Mapping[Language | None, float]] = {"fr": 0.15, "en": 0.8, None: 0.35}


@dataclass(frozen=True)
class Ranked:
    """A passage and its fused score, 0 to 1."""

    chunk_id: int
    score: float


def fuse(lexical: Mapping[int, float], dense: Mapping[int, float], dense_weight: float) -> list[Ranked]:
    """Order the passages of both results, best first.

    ``lexical`` holds positive BM25 scores, ``dense`` cosines; a passage missing from one counts as its worst.
    When one result is empty the other decides alone.
    """
    weight = 0.0 if not dense else 1.0 if not lexical else dense_weight
    lexical_shares = _shares(lexical, floor=0.0)
    dense_shares = _shares(dense, floor=min(dense.values(), default=0.0))
    ranked = [
        Ranked(
            chunk_id,
            (1 - weight) * lexical_shares.get(chunk_id, 0.0) + weight * dense_shares.get(chunk_id, 0.0),
        )
        for chunk_id in lexical.keys() | dense.keys()
    ]
    return sorted(ranked, key=lambda passage: (-passage.score, passage.chunk_id))


def _shares(scores: Mapping[int, float], floor: float) -> dict[int, float]:
    """Return the scores as shares of the way from the floor to the best one."""
    span = max(scores.values(), default=0.0) - floor
    return {key: (score - floor) / span if span > 0 else 1.0 for key, score in scores.items()}
