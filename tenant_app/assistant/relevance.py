"""Whether a passage found has anything to do with the question: the rule behind "not in your documents".

Search always returns its best passages, however bad. Two signs are put together here:

    evidence = 0.4 · share of the question's terms that stand in the passage  +  0.6 · cosine (``Hit.dense``)

A term that no passage found holds counts twice against each of them. The share counts terms alike:
``Hit.lexical``, which weighs rare ones more, orders passages better but says less here, because in a library
of a few passages a word that none has outweighs all the others.

The best of many passages looks good by chance, so what is asked of it grows with the library:

    evidence ≥ 0.30 + 0.032 · ln(passages)        share alone ≥ 0.14 + 0.062 · ln(passages)

(the second where the cosine is not known). In English, which the default model knows better (unrelated
passages have cosines of 0.1 to 0.25 instead of 0.3 to 0.5), it is 0.15 + 0.016 · ln(passages); a cosine under
0.25 speaks against a passage whatever its words.

The first figures were chosen on the questions of even number of each set (``python -m benchmarks refusal``
asks those of odd number), with libraries of 1,531, 1,550 and 127 passages. Of the questions held out whose
relevant passage was among the eight found, and of those asked of a library about something else:

    labour law          answered 0.90     refused by the immigration code 0.84, by the hospital's IT 1.00
    immigration code    answered 0.92     refused by labour law 0.92, by the hospital's IT 1.00
    hospital IT (en)    answered 0.93     refused by labour law 0.98, by the immigration code 1.00

There was no second English library: how well English questions of another subject are refused by one is not
known. Smaller libraries were not measured again.
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
LEAST_EVIDENCE: Final[dict[Language, float]] = {"fr": 0.30, "en": 0.15}
MORE_OF_MANY: Final[dict[Language, float]] = {"fr": 0.032, "en": 0.016}
"""What is asked in addition each time the library grows e-fold."""
LEAST_MEANING: Final = 0.25
LEAST_WORDS: Final = 0.14

QUOTED: Final = 1.0
"""What is asked of a passage that may answer, as a share of the rule; without one, nothing is answered."""
READ: Final = 0.6
"""What is asked of the others given to a language model beside it, and of those shown as near misses."""


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
    return evidence >= strictness * (LEAST_EVIDENCE[language] + MORE_OF_MANY[language] * chance)
