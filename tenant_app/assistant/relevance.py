"""Whether a passage found has anything to do with the question: the rule behind "not in your documents".

Search always returns its best passages, however bad. Two signs are put together here:

    evidence = 0.4 · share of the question's terms that stand in the passage  +  0.6 · cosine (``Hit.dense``)

The share counts every term alike. ``Hit.lexical``, which weighs rare terms more, orders passages better but
says less here: in a library of a few passages, a word that none has weighs more than all the others.

Measured on 150 questions of each French set in ``eval/`` (labour law, immigration code), with libraries of
3, 20 and 200 passages: part of the questions taken as answered, when the answer is in the library, and when
the library is about the other subject.

    evidence ≥ 0.43        0.84 / 0.90 / 0.99        0.00 / 0.05 / 0.35
    share ≥ 0.40 alone     0.79 / 0.87 / 0.96        0.01 / 0.09 / 0.37
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language
from tenant_app.retrieval.search import Hit

WORDS: Final = 0.4
MEANING: Final = 0.6


@dataclass(frozen=True)
class Threshold:
    """What counts: ``evidence``, or ``words`` (the share alone) for a passage whose cosine is not known."""

    evidence: float
    words: float


QUOTED: Final = Threshold(evidence=0.43, words=0.40)
"""What may be quoted as the answer with nobody reading it first."""
READ: Final = Threshold(evidence=0.22, words=0.15)
"""What is worth giving to a language model, which itself says when the passages do not answer."""


def admitted(question: str, hits: Sequence[Hit], language: Language, threshold: Threshold) -> tuple[Hit, ...]:
    """Return the passages that count, in the order found; none means: not in the documents."""
    return tuple(_admitted(frozenset(analyse(question, language)), hits, language, threshold))


def _admitted(
    terms: frozenset[str], hits: Sequence[Hit], language: Language, threshold: Threshold
) -> Iterator[Hit]:
    for hit in hits:
        words = _share(terms, hit, language)
        if hit.dense > 0:
            counts = WORDS * words + MEANING * hit.dense >= threshold.evidence
        else:
            counts = words >= threshold.words
        if counts:
            yield hit


def _share(terms: frozenset[str], hit: Hit, language: Language) -> float:
    if not terms:
        return 0.0
    held = analyse(f"{hit.document}\n{hit.heading}\n{hit.passage}", language)
    return len(terms.intersection(held)) / len(terms)
