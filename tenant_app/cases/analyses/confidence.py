"""How sure an analysis may be: the probability that the passages it rests on are the right ones.

For one question asked of the library the event is: **a passage that answers it is among the first 5 found**
(``DEPTH``). Its probability is a logistic model of what search itself says of those passages:

    p = 1 / (1 + exp(-(b + Σ wᵢ · xᵢ)))

with the features of ``Evidence``. The coefficients were fitted (maximum likelihood with a little ridge) to
the questions of even number of labour_faq_fr, asked through the product's own search, and checked on those
of odd number: ``python -m benchmarks calibration`` fits them again and prints both.

The confidence of an analysis is the mean of p over its questions, times the share of its points that rest on
verified words. The product can only be lower than the calibrated mean.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from statistics import median
from typing import Final

from tenant_app.cases.analyses.content import Point
from tenant_app.retrieval.search import SearchAnswer

DEPTH: Final = 5
LOOKED_AT: Final = 10
"""How many hits the evidence is taken from."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for the first passages of an answer; every figure is from 0 to 1.

    ``agreement`` is the first hit's score: 1 when it is the best both by words and by meaning. ``lead`` is by
    how much of its score the first hit leads the second, ``margin`` the last one looked at. ``words`` and
    ``meaning`` are how far the best ``lexical`` and ``dense`` of the first DEPTH hits stand out from the
    median of those looked at.
    """

    agreement: float
    lead: float
    margin: float
    words: float
    meaning: float


NO_EVIDENCE: Final = Evidence(0.0, 0.0, 0.0, 0.0, 0.0)
INTERCEPT: Final = -1.40
WEIGHTS: Final = Evidence(agreement=0.74, lead=0.74, margin=2.36, words=0.82, meaning=0.19)


def evidence_of(found: SearchAnswer) -> Evidence:
    """Return the evidence of a search's hits; NO_EVIDENCE when there are none."""
    hits = found.hits[:LOOKED_AT]
    if not hits:
        return NO_EVIDENCE
    return evidence_of_figures([(hit.score, hit.lexical, hit.dense) for hit in hits])


def evidence_of_figures(figures: Sequence[tuple[float, float, float]]) -> Evidence:
    """Return the evidence of at least one hit given as (score, lexical, dense), best first."""
    scores, lexical, dense = zip(*figures, strict=True)
    second = scores[1] if len(scores) > 1 else 0.0
    return Evidence(
        agreement=min(1.0, max(0.0, scores[0])),
        lead=_lead(scores[0], second),
        margin=_lead(scores[0], scores[-1]),
        words=max(lexical[:DEPTH]) - median(lexical),
        meaning=max(dense[:DEPTH]) - median(dense),
    )


def probability(evidence: Evidence) -> float:
    """Return the probability that a passage which answers is among the first DEPTH."""
    if evidence == NO_EVIDENCE:
        return 0.0
    weighted = zip(astuple(WEIGHTS), astuple(evidence), strict=True)
    return 1 / (1 + math.exp(-(INTERCEPT + sum(weight * value for weight, value in weighted))))


def confidence_of(answers: Sequence[SearchAnswer], points: Sequence[Point]) -> float:
    """Return the confidence (0 to 1) of an analysis that asked these questions and says these points."""
    if not answers:
        return 0.0
    found = sum(probability(evidence_of(answer)) for answer in answers) / len(answers)
    return round(found * supported_share(points), 4)


def supported_share(points: Sequence[Point]) -> float:
    """Return the share of the points about documents that rest on verified words; 0 when there is none."""
    documents = sum(point.basis == "documents" for point in points)
    unsupported = sum(point.basis == "unsupported" for point in points)
    return documents / (documents + unsupported) if documents else 0.0


def _lead(first: float, other: float) -> float:
    return min(1.0, max(0.0, (first - other) / first)) if first > 0 else 0.0
