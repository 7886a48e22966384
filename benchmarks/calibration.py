"""How well an analysis' confidence is calibrated, and the coefficients it should have.

The questions of labour_faq_fr are asked through a served tenant's ``/api/search``. The event is that a
relevant document is among those of the first passages found (``confidence.DEPTH``). A logistic model of the
evidence is fitted to the questions of even number; the expected calibration error (ten bins of equal width,
Naeini et al., 2015) is that of the coefficients in the code, on the questions of odd number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields

import httpx
import numpy as np
import numpy.typing as npt

from benchmarks.libraries import Library, library_of, search
from benchmarks.question_sets import SetQuestion
from benchmarks.report import table
from tenant_app.cases.analyses.confidence import (
    DEPTH,
    INTERCEPT,
    LOOKED_AT,
    WEIGHTS,
    Evidence,
    evidence_of_figures,
    probability,
)

SET = "labour_faq_fr"
_BINS = 10
_TARGET = 0.1
_RIDGE = 1.0
_ROUNDS = 50

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """One question: what search said of its hits, and whether a relevant document was among the first."""

    evidence: Evidence
    found: bool


def run() -> None:
    """Ask every question, fit on one half, and print both halves."""
    asked = _asked(library_of(SET))
    fitted_half, held_out = asked[::2], asked[1::2]
    coefficients = fit(fitted_half)
    names = ["intercept", *(field.name for field in fields(Evidence))]
    table(
        ["coefficient", "in the code", "fitted now"],
        [
            [name, f"{own:.2f}", f"{fresh:.2f}"]
            for name, own, fresh in zip(names, (INTERCEPT, *astuple(WEIGHTS)), coefficients, strict=True)
        ],
    )
    print()
    rows = [_row(name, half) for name, half in (("fitted", fitted_half), ("held out", held_out))]
    table(["half", "questions", f"found among {DEPTH}", "mean confidence", "ECE", "Brier score"], rows)
    print("\nheld-out half by confidence:\n")
    table(["confidence", "questions", "found"], list(_reliability(held_out)))
    error = calibration_error(held_out)
    print(f"\nexpected calibration error: {error:.3f} (target ≤ {_TARGET}: {_verdict(error)})")


def _asked(library: Library) -> list[Asked]:
    with library.client() as client:
        return [_ask(client, question, library.stored) for question in library.questions.questions]


def _ask(client: httpx.Client, question: SetQuestion, stored: Mapping[str, Sequence[str]]) -> Asked:
    hits = search(client, question.text, 50)[:LOOKED_AT]
    figures = [(hit["score"], hit["lexical"], hit["dense"]) for hit in hits]
    shown = {document for hit in hits[:DEPTH] for document in stored[hit["document"]]}
    return Asked(evidence_of_figures(figures), not shown.isdisjoint(question.relevant))


def fit(asked: Sequence[Asked]) -> list[float]:
    """Return intercept and weights of the logistic model, by Newton's method with a ridge on the weights."""
    columns = np.array([[1.0, *astuple(one.evidence)] for one in asked])
    happened = np.array([float(one.found) for one in asked])
    # A little on the intercept too, or nothing would hold it where every question was answered.
    penalty = np.diag([_RIDGE / 100, *[_RIDGE] * (columns.shape[1] - 1)])
    solution: Floats = np.zeros(columns.shape[1])
    for _ in range(_ROUNDS):
        predicted = 1 / (1 + np.exp(-(columns @ solution)))
        slope = columns.T @ (happened - predicted) - penalty @ solution
        curve = (columns.T * (predicted * (1 - predicted))) @ columns + penalty
        solution = solution + np.linalg.solve(curve, slope)
    return [float(value) for value in solution]


def calibration_error(asked: Sequence[Asked]) -> float:
    """Return the expected calibration error: by bin, how far the confidence is from what happened."""
    return sum(
        abs(sum(probability(one.evidence) for one in bin_) - sum(one.found for one in bin_))
        for bin_ in _bins(asked)
    ) / len(asked)


def _bins(asked: Sequence[Asked]) -> list[list[Asked]]:
    bins: list[list[Asked]] = [[] for _ in range(_BINS)]
    for one in asked:
        bins[min(_BINS - 1, int(probability(one.evidence) * _BINS))].append(one)
    return bins


def _row(name: str, asked: Sequence[Asked]) -> list[str]:
    confidences = [probability(one.evidence) for one in asked]
    brier = sum((one.found - own) ** 2 for one, own in zip(asked, confidences, strict=True)) / len(asked)
    return [
        name,
        str(len(asked)),
        f"{sum(one.found for one in asked) / len(asked):.3f}",
        f"{sum(confidences) / len(asked):.3f}",
        f"{calibration_error(asked):.3f}",
        f"{brier:.3f}",
    ]


def _reliability(asked: Sequence[Asked]) -> list[list[str]]:
    return [
        [
            f"{place / _BINS:.1f} to {(place + 1) / _BINS:.1f}",
            str(len(bin_)),
            f"{sum(one.found for one in bin_) / len(bin_):.2f}",
        ]
        for place, bin_ in enumerate(_bins(asked))
        if bin_
    ]


def _verdict(error: float) -> str:
    return "met" if error <= _TARGET else "NOT met"
