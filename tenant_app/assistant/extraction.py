"""The answer without a language model: the sentences of the passages that speak most to the question."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tenant_app.assistant.sentences import sentences
from tenant_app.passages import HEADING_SEPARATOR
from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language, detect_language
from tenant_app.retrieval.search import Hit

MOST_QUOTES: Final = 3
SHARE_OF_THE_BEST: Final = 0.6
"""A further sentence is quoted when its score is at least this share of the best one's."""
SAME_WORDS: Final = 0.8
"""Two sentences that share this much of their terms say the same thing; one is enough."""
FEWEST_TERMS: Final = 3
LONGEST: Final = 700
"""Characters. What is longer is a table or a list without punctuation, not a sentence."""
PASSAGE_SHARE: Final = 0.35
"""What a sentence owes to its passage alone: an answer need not repeat the words of the question."""


@dataclass(frozen=True)
class Quote:
    """A sentence of passage ``index`` (from 0): ``text`` stands in it exactly so, from ``start`` on."""

    index: int
    start: int
    text: str


@dataclass(frozen=True)
class _Candidate:
    quote: Quote
    terms: frozenset[str]


def best_quotes(question: str, passages: Sequence[Hit], language: Language) -> list[Quote]:
    """Return one to three sentences, those of the best passage first; none when no passage has a sentence."""
    candidates = [
        candidate
        for index, passage in enumerate(passages)
        for candidate in _candidates(index, passage, language)
    ]
    statements = [candidate for candidate in candidates if _states_something(candidate)] or candidates
    weights = _weights(analyse(question, language), statements)
    scored = [(_score(candidate, weights, passages), candidate) for candidate in statements]
    scored.sort(key=lambda pair: -pair[0])
    return sorted(_chosen(scored), key=lambda quote: (quote.index, quote.start))


def closest_sentence(statement: str, passage: str, language: Language) -> str:
    """Return the sentence of ``passage`` that shares most with ``statement``; all of it when it has none."""
    terms = frozenset(analyse(statement, language))
    texts = [passage[span.start : span.end] for span in sentences(passage)]
    return max(texts, key=lambda text: len(terms & set(analyse(text, language))), default=passage)


def _candidates(index: int, passage: Hit, language: Language) -> Iterator[_Candidate]:
    headings = {passage.document, *passage.heading.split(HEADING_SEPARATOR)}
    language = detect_language(passage.passage) or language
    for span in sentences(passage.passage):
        text = passage.passage[span.start : span.end]
        if len(text) <= LONGEST and " ".join(text.split()) not in headings:
            yield _Candidate(Quote(index, span.start, text), frozenset(analyse(text, language)))


def _states_something(candidate: _Candidate) -> bool:
    return len(candidate.terms) >= FEWEST_TERMS and not candidate.quote.text.rstrip(' »"”').endswith("?")


def _weights(terms: Iterable[str], candidates: Sequence[_Candidate]) -> dict[str, float]:
    """Return how telling each term of the question is among these sentences."""
    holding = Counter(term for candidate in candidates for term in candidate.terms)
    return {term: math.log(1 + (len(candidates) + 1) / (holding[term] + 0.5)) for term in terms}


def _score(candidate: _Candidate, weights: dict[str, float], passages: Sequence[Hit]) -> float:
    total = sum(weights.values())
    held = sum(weight for term, weight in weights.items() if term in candidate.terms)
    share = held / total if total else 0.0
    return passages[candidate.quote.index].score * (PASSAGE_SHARE + (1 - PASSAGE_SHARE) * share)


def _chosen(scored: Sequence[tuple[float, _Candidate]]) -> list[Quote]:
    """Return the quotes of the best candidates (best first in ``scored``) that add something."""
    chosen: list[_Candidate] = []
    for score, candidate in scored:
        if len(chosen) == MOST_QUOTES or score < SHARE_OF_THE_BEST * scored[0][0]:
            break
        if not any(_say_the_same(candidate.terms, other.terms) for other in chosen):
            chosen.append(candidate)
    return [candidate.quote for candidate in chosen]


def _say_the_same(one: frozenset[str], other: frozenset[str]) -> bool:
    smaller = min(len(one), len(other))
    return smaller > 0 and len(one & other) >= SAME_WORDS * smaller
