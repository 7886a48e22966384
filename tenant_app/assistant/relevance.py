"""Whether a passage found has anything to do with the question: the rule behind "not in your documents".

Search always returns its best passages, however bad. Two signs are put together here:

    evidence = 0.4 · share of the question's terms that stand in the passage  +  0.6 · cosine (``Hit.dense``)

A term that no passage found holds counts twice against each of them. The share counts terms alike:
``Hit.lexical``, which weighs rare ones more, orders passages better but says less here, because in a library
of a few passages a word that none has outweighs all the others.

The best of many passages looks good by chance, so what is asked of it grows with the library:

    evidence ≥ 0.30 + 0.039 · ln(passages)        share alone ≥ 0.14 + 0.062 · ln(passages)

(the second where the cosine is not known). Measured on 320 questions of the French sets in ``eval/`` (labour
law, immigration code) with libraries of 3, 20, 200 and 1,000 passages: questions taken as answered when the
answer is in the library, and when the library is about the other subject.

    evidence        0.87  0.86  0.84  0.86        0.04  0.04  0.05  0.04
    share alone     0.85  0.84  0.87  0.90        0.04  0.08  0.14  0.14

The default model knows English better: unrelated passages come out with cosines of 0.1 to 0.25 instead of
0.3 to 0.5. There 0.24 takes the place of 0.30, and a cosine under 0.25 speaks against a passage whatever its
words; both were set by eye on one English guide of 76 pages, for want of a labelled set.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language
from tenant_app.retrieval.search import Hit, SearchAnswer

WORDS: Final = 0.4
MEANING: Final = 0.6
ABSENT_TERM: Final = 2.0
LEAST_EVIDENCE: Final[dict[Language, float]] = {"fr": 0.30, "en": 0.24}
LEAST_MEANING: Final = 0.25
LEAST_WORDS: Final = 0.14

QUOTED: Final = 1.0
"""What is asked of a passage that is quoted with nobody reading it first, as a share of the rule above."""
READ: Final = 0.6
"""What is asked of one given to a language model, which itself says when the passages do not answer."""


def admitted(question: str, found: SearchAnswer, language: Language, strictness: float) -> tuple[Hit, ...]:
    """Return the passages that count, in the order found; none means: not in the documents."""
    held = [_terms(f"{hit.document}\n{hit.heading}\n{hit.passage}", language) for hit in found.hits]
    weights = _weights(_terms(question, language), held)
    return tuple(
        hit
        for hit, terms in zip(found.hits, held, strict=True)
        if _counts(hit, _share(weights, terms), found.searched, language, strictness)
    )


def _terms(text: str, language: Language) -> frozenset[str]:
    return frozenset(analyse(text, language))


def _weights(asked: Iterable[str], held: Sequence[frozenset[str]]) -> dict[str, float]:
    present = frozenset[str]().union(*held)
    return {term: 1.0 if term in present else ABSENT_TERM for term in asked}


def _share(weights: dict[str, float], held: frozenset[str]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in held) / total if total else 0.0


def _counts(hit: Hit, share: float, searched: int, language: Language, strictness: float) -> bool:
    chance = math.log(max(1, searched))
    if hit.dense == 0:
        return share >= strictness * (LEAST_WORDS + 0.062 * chance)
    if hit.dense < strictness * LEAST_MEANING:
        return False
    evidence = WORDS * share + MEANING * hit.dense
    return evidence >= strictness * (LEAST_EVIDENCE[language] + 0.039 * chance)
