"""Whether a sentence of an answer is what its passages say, told without a language model.

Four things are asked of a sentence, the passages it cites (or, citing none, each of those given) at hand:

1. every figure, with its unit, and every reference in it stands in them (``facts``);
2. so does every stretch of words it puts in quotation marks;
3. where a passage has nearly the same sentence, neither denies what the other affirms;
4. evidence = 0.35 · share of its terms in the passage + 0.35 · share in three sentences in a row of it
            + 0.30 · cosine of sentence and passage                      ≥ 0.60

(without vectors, the first two weigh half each, against 0.60).

Measured on 1,782 sentences about passages of the two French sets of ``eval/``, the limits chosen on one half
of the passages; on the other half, with vectors (without them, where it differs):

    taken as supported: word for word 1.00, lightly reworded 0.99, two sentences merged 0.95
    marked: from any other passage 0.99 (0.98), from one of the five nearest passages 0.86 (0.85),
            a figure changed 0.87, a negation added or dropped 0.89

The rewordings were made by a program (words dropped, synonyms, clauses moved): a model rewords more freely,
and is marked more often. A mark asks the reader to look, and says no more.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tenant_app.assistant.facts import facts_of
from tenant_app.assistant.sentences import sentences
from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language, detect_language
from tenant_app.retrieval.search import Hit

Doubt = Literal["facts", "quotation", "negation", "words"]
"""Why a sentence is not supported."""

MEANING: Final = 0.3
LEAST_EVIDENCE: Final = 0.6
LEAST_WORDS: Final = 0.6
MOST_IN_DOUBT: Final = 0.2
"""What the support of a sentence with a wrong figure, quotation or denial is at most."""
WINDOW: Final = 3
NEARLY_THE_SAME: Final = 0.75
FEWEST_TERMS: Final = 3

_MARKS: Final = re.compile(r"\s*\[\d{1,3}\]")
_QUOTED: Final = re.compile(r"«\s*([^»]{8,}?)\s*»|“([^”]{8,}?)”|\"([^\"]{8,}?)\"")
_LAYOUT: Final = re.compile(r"[*_`#>|]")
_DENIAL: Final = re.compile(
    r"\b(?:pas|jamais|aucune?|ni|nul(?:le)?|rien|not|never|no|none|neither|nor|cannot)\b|n't\b"
)


@dataclass(frozen=True)
class Source:
    """A passage as sentences are compared with it."""

    words: str
    terms: frozenset[str]
    facts: frozenset[str]
    sentences: tuple[frozenset[str], ...]
    denials: tuple[bool, ...]


@dataclass(frozen=True)
class Verdict:
    """``support`` (0 to 1) is at least 0.5 when ``supported``.

    ``supported`` is None, and ``support`` 1, for what states nothing: a heading, a question, « Voici : ».
    """

    supported: bool | None
    support: float
    doubt: Doubt | None = None


NOT_A_STATEMENT: Final = Verdict(supported=None, support=1.0)
NO_SOURCE: Final = Verdict(supported=False, support=0.0, doubt="words")


def read_source(hit: Hit, language: Language) -> Source:
    """Return the passage, its document's name and its headings ready for comparison."""
    whole = f"{hit.document}\n{hit.heading}\n{hit.passage}"
    language = detect_language(hit.passage) or language
    texts = [hit.passage[span.start : span.end] for span in sentences(hit.passage)]
    return Source(
        words=_words(whole),
        terms=frozenset(analyse(whole, language)),
        facts=facts_of(whole),
        sentences=tuple(frozenset(analyse(text, language)) for text in texts),
        denials=tuple(_denies(text) for text in texts),
    )


def together(sources: Sequence[Source]) -> Source:
    """Return several passages as one, for a sentence that cites them together."""
    return Source(
        words="\n".join(source.words for source in sources),
        terms=frozenset[str]().union(*(source.terms for source in sources)),
        facts=frozenset[str]().union(*(source.facts for source in sources)),
        sentences=tuple(sentence for source in sources for sentence in source.sentences),
        denials=tuple(denial for source in sources for denial in source.denials),
    )


def states_something(claim: str, language: Language) -> bool:
    """Return whether a sentence says anything that could be true or false."""
    text = _MARKS.sub("", claim).strip()
    if text.endswith(("?", ":")) or text.startswith("#"):
        return False
    return bool(facts_of(text)) or len(set(analyse(text, language))) >= FEWEST_TERMS


def judge(
    claim: str, sources: Mapping[int, Source], meanings: Mapping[int, float] | None, language: Language
) -> Verdict:
    """Return what the best of ``sources``, each alone, says to the sentence.

    ``meanings`` holds the cosine of the sentence and each source that has a vector, None when none is known.
    """
    if not states_something(claim, language):
        return NOT_A_STATEMENT
    verdicts = [
        _judged(claim, source, meanings.get(key) if meanings else None, language)
        for key, source in sources.items()
    ]
    return max(verdicts, key=lambda verdict: verdict.support, default=NO_SOURCE)


def is_settled_by_words(claim: str, sources: Mapping[int, Source], language: Language) -> bool:
    """Return whether no vector could change the verdict: nothing said, verbatim, or in doubt anyway."""
    if not states_something(claim, language) or is_verbatim(claim, sources):
        return True
    return all(_doubt(claim, source, language) for source in sources.values())


def is_verbatim(claim: str, sources: Mapping[int, Source]) -> bool:
    """Return whether a passage holds the sentence word for word, however it is spaced."""
    words = _words(claim)
    return bool(words) and any(words in source.words for source in sources.values())


def _judged(claim: str, source: Source, meaning: float | None, language: Language) -> Verdict:
    if is_verbatim(claim, {0: source}):
        return Verdict(supported=True, support=1.0)
    support = _support(evidence(claim, source, meaning, language), meaning)
    doubt = _doubt(claim, source, language)
    if doubt:
        return Verdict(supported=False, support=min(support, MOST_IN_DOUBT), doubt=doubt)
    return Verdict(support >= 0.5, support, None if support >= 0.5 else "words")


def evidence(claim: str, source: Source, meaning: float | None, language: Language) -> float:
    """Return rule 4's figure, 0 to 1."""
    terms = frozenset(analyse(_MARKS.sub("", claim), language))
    if not terms:
        return meaning or 0.0
    anywhere = len(terms & source.terms) / len(terms)
    close = max((len(terms & window) / len(terms) for window in _windows(source.sentences)), default=0.0)
    if meaning is None:
        return (anywhere + close) / 2
    return (1 - MEANING) * (anywhere + close) / 2 + MEANING * max(0.0, meaning)


def _support(found: float, meaning: float | None) -> float:
    """Return evidence as support: 0.5 where the rule's limit is."""
    least = LEAST_WORDS if meaning is None else LEAST_EVIDENCE
    if found < least:
        return 0.5 * found / least
    return min(1.0, 0.5 + 0.5 * (found - least) / (1 - least))


def _doubt(claim: str, source: Source, language: Language) -> Doubt | None:
    if facts_of(claim) - source.facts:
        return "facts"
    if any(_words(quoted) not in source.words for quoted in _quotations(claim)):
        return "quotation"
    return "negation" if _is_denied(claim, source, language) else None


def _is_denied(claim: str, source: Source, language: Language) -> bool:
    """Return whether the passage's sentence that is nearly the same denies it, or it that one."""
    terms = frozenset(analyse(_MARKS.sub("", claim), language))
    pairs = zip(source.sentences, source.denials, strict=True)
    alike = [(_likeness(terms, sentence), denial) for sentence, denial in pairs]
    best, denial = max(alike, default=(0.0, False))
    return best >= NEARLY_THE_SAME and denial != _denies(claim)


def _likeness(terms: frozenset[str], others: frozenset[str]) -> float:
    return len(terms & others) / max(len(terms), len(others), 1)


def _denies(text: str) -> bool:
    return _DENIAL.search(text.lower().replace("’", "'")) is not None


def _quotations(claim: str) -> Iterator[str]:
    for found in _QUOTED.finditer(claim):
        # A stretch may leave words out: « le délai … court ».
        for part in re.split(r"\s*(?:…|\.\.\.|\[…\]|\(…\))\s*", next(filter(None, found.groups()))):
            if part:
                yield part


def _windows(found: Sequence[frozenset[str]]) -> Iterator[frozenset[str]]:
    for first in range(max(1, len(found) - WINDOW + 1)):
        yield frozenset[str]().union(*found[first : first + WINDOW])


def _words(text: str) -> str:
    """Return the text's words on one line: without citation marks, layout, or differences of typography."""
    plain = _LAYOUT.sub(" ", _MARKS.sub("", text)).lower().replace("’", "'")
    plain = re.sub(r"[«»“”\"]", " ", plain)
    return " ".join(plain.split()).rstrip(".;:, ").lstrip("-–—• ")
