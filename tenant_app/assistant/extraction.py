"""The answer without a language model: the few sentences, together in their passage, that say most to it."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from tenant_app.assistant.sentences import sentences
from tenant_app.assistant.tables import Cells, cells_of, names_columns, tables_of, under_names
from tenant_app.passages import HEADING_SEPARATOR
from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language, detect_language
from tenant_app.retrieval.search import Hit

MOST_QUOTES: Final = 3
MOST_SENTENCES: Final = 3
SHARE_OF_THE_BEST: Final = 0.8
"""Another passage is quoted too when its score is at least this share of the best one's."""
SAME_WORDS: Final = 0.8
"""Two quotes that share this much of their terms say the same thing; one is enough."""
FEWEST_TERMS: Final = 3
LONGEST: Final = 700
"""Characters. What is longer is a table or a list without punctuation, not a sentence."""
PASSAGE_SHARE: Final = 0.35
"""What a quote owes to its passage alone: an answer need not repeat the words of the question."""
COST_OF_A_SENTENCE: Final = 0.06
"""What each further sentence must add: about a third of one of five words asked for."""
_BETWEEN_ROWS: Final = " ; "

# A sentence that begins so says more about the one before it, and is not understood without it.
_GOES_ON: Final = re.compile(
    r"(?:il|ils|elle|elles|celui-ci|celle-ci|ceux-ci|celles-ci|cela|ce délai|toutefois|cependant|néanmoins"
    r"|en revanche|dans ce cas|à défaut|it|they|this|these|however|otherwise|in this case)\b",
    re.IGNORECASE,
)


# What a letter says it is about: it holds the words of every question on that, and answers but one.
_SUBJECT: Final = re.compile(r"(objet|subject|re)\s*:[^\n]*", re.IGNORECASE)


@dataclass(frozen=True)
class Quote:
    """One to three sentences of passage ``index`` (from 0): ``text`` stands in it exactly so.

    ``said`` is the text to be read alone: rows of a table with the names of their columns.
    """

    index: int
    text: str
    said: str


@dataclass(frozen=True)
class _Sentence:
    """``terms`` of a row include those of ``names``, the row that names its columns."""

    start: int
    end: int
    terms: frozenset[str]
    text: str
    quotable: bool
    is_heading: bool
    names: Cells = ()


@dataclass(frozen=True)
class _Window:
    """Sentences ``first`` to ``last`` (included) of a run of consecutive ones."""

    index: int
    run: tuple[_Sentence, ...]
    first: int
    last: int

    @property
    def terms(self) -> frozenset[str]:
        return frozenset[str]().union(*(sentence.terms for sentence in self.run[self.first : self.last + 1]))


def best_quotes(question: str, passages: Sequence[Hit], language: Language) -> list[Quote]:
    """Return at most one quote of each passage, three in all, best passage first; none without passages."""
    asked = frozenset(analyse(question, language))
    runs = [(index, run) for index, passage in enumerate(passages) for run in _runs(passage, language, asked)]
    weights = _weights(asked, [sentence for _, run in runs for sentence in run])
    windows = [window for index, run in runs for window in _windows(index, run)]
    scored = [(_score(window, weights, passages[window.index].score), window) for window in windows]
    # Of equal ones the first stands first: sorting keeps the order.
    scored.sort(key=lambda pair: -pair[0])
    quotes = [_quote(window, passages[window.index].passage, asked) for window in _chosen(scored)]
    return sorted(quotes, key=lambda quote: quote.index)


def closest_sentence(statement: str, passage: str, language: Language) -> str:
    """Return the sentence of ``passage`` that shares most with ``statement``; all of it when it has none."""
    terms = frozenset(analyse(statement, language))
    texts = [passage[span.start : span.end] for span in sentences(passage)]
    return max(texts, key=lambda text: len(terms & set(analyse(text, language))), default=passage)


def _runs(passage: Hit, language: Language, asked: frozenset[str]) -> list[tuple[_Sentence, ...]]:
    """Return the passage's quotable sentences, those that follow each other together.

    Headings, the names of columns, questions and tables without punctuation are not quotable, unless there is
    nothing else; of these, headings and names come last.
    """
    language = detect_language(passage.passage) or language
    found = _under_their_names(list(_sentences(passage, language, asked)), language, asked)
    quotable = [tuple(run) for good, run in groupby(found, key=lambda sentence: sentence.quotable) if good]
    return quotable or [(one,) for one in found if not one.is_heading] or [(one,) for one in found]


def _sentences(passage: Hit, language: Language, asked: frozenset[str]) -> Iterator[_Sentence]:
    headings = {passage.document, *passage.heading.split(HEADING_SEPARATOR)}
    for span in sentences(passage.passage):
        text = passage.passage[span.start : span.end]
        terms = frozenset(analyse(text, language))
        plain = " ".join(text.lstrip("# ").split())
        subject = _SUBJECT.fullmatch(text)
        is_heading = plain in headings or (
            subject is not None and asked.isdisjoint(analyse(subject[1], language))
        )
        yield _Sentence(
            span.start, span.end, terms, text, _is_quotable(text, terms) and not is_heading, is_heading
        )


def _is_quotable(text: str, terms: frozenset[str]) -> bool:
    return len(terms) >= FEWEST_TERMS and not text.rstrip(' »"”').endswith("?") and len(text) <= LONGEST


def _under_their_names(found: list[_Sentence], language: Language, asked: frozenset[str]) -> list[_Sentence]:
    """Return the sentences with the rows of tables under the names of their columns, which are headings."""
    rows = [cells_of(sentence.text) for sentence in found]
    for table in tables_of(rows):
        cells = rows[table.start : table.stop]
        if not names_columns(cells, lambda cell: not asked.isdisjoint(analyse(cell, language))):
            continue
        head = found[table.start]
        found[table.start] = replace(head, quotable=False, is_heading=True)
        for place in table[1:]:
            terms = head.terms | found[place].terms
            good = _is_quotable(found[place].text, terms)
            found[place] = replace(found[place], terms=terms, names=cells[0], quotable=good)
    return found


def _windows(index: int, run: tuple[_Sentence, ...]) -> Iterator[_Window]:
    for first in range(len(run)):
        for last in range(first, min(first + MOST_SENTENCES, len(run))):
            yield _Window(index, run, first, last)


def _weights(terms: Iterable[str], found: Sequence[_Sentence]) -> dict[str, float]:
    """Return how telling each term of the question is among these sentences."""
    holding = Counter(term for sentence in found for term in sentence.terms)
    return {term: math.log(1 + (len(found) + 1) / (holding[term] + 0.5)) for term in terms}


def _score(window: _Window, weights: dict[str, float], passage_score: float) -> float:
    total = sum(weights.values())
    held = sum(weights[term] for term in window.terms.intersection(weights))
    share = held / total if total else 0.0
    cost = COST_OF_A_SENTENCE * (window.last - window.first)
    return passage_score * (PASSAGE_SHARE + (1 - PASSAGE_SHARE) * share - cost)


def _chosen(scored: Sequence[tuple[float, _Window]]) -> list[_Window]:
    """Return the best windows (best first in ``scored``) that add something, one for a passage."""
    chosen: list[_Window] = []
    for score, window in scored:
        if len(chosen) == MOST_QUOTES or score < SHARE_OF_THE_BEST * scored[0][0]:
            break
        if not any(_repeats(window, other) for other in chosen):
            chosen.append(window)
    return chosen


def _repeats(window: _Window, other: _Window) -> bool:
    smaller = min(len(window.terms), len(other.terms))
    return window.index == other.index or len(window.terms & other.terms) >= SAME_WORDS * smaller


def _quote(window: _Window, passage: str, asked: frozenset[str]) -> Quote:
    """Return the window's text, with what its first sentence refers to and what its last one leads to.

    The rows below the last one that answer just as much go with it: none of them is the answer alone.
    """
    first, last, run = window.first, window.last, window.run
    if first > 0 and _GOES_ON.match(run[first].text):
        first -= 1
    if last + 1 < len(run) and _GOES_ON.match(run[last + 1].text):
        last += 1
    while last + 1 < min(len(run), first + MOST_SENTENCES) and _answer_alike(run[last], run[last + 1], asked):
        last += 1
    quoted = run[first : last + 1]
    return Quote(window.index, passage[quoted[0].start : quoted[-1].end], _said(quoted, passage))


def _answer_alike(row: _Sentence, other: _Sentence, asked: frozenset[str]) -> bool:
    return bool(row.names) and row.names == other.names and row.terms & asked == other.terms & asked


def _said(quoted: Sequence[_Sentence], passage: str) -> str:
    parts: list[str] = []
    before: _Sentence | None = None
    for one in quoted:
        if before is not None:
            parts.append(_BETWEEN_ROWS if before.names and one.names else passage[before.end : one.start])
        parts.append(under_names(one.names, cells_of(one.text)) if one.names else one.text)
        before = one
    return "".join(parts)
