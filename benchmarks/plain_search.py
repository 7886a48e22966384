"""The searches that the product's is compared with: plain BM25, vectors alone, and the two by their ranks.

They are written here and share nothing with the product but the embedding server and the lists of words that
say nothing, so that a fault of its analysis cannot hide in both.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import Stemmer

from tenant_app.retrieval.language import ENGLISH_STOP_WORDS, FRENCH_STOP_WORDS, Language

K1 = 1.2
B = 0.75
RRF_K = 60
"""Robertson's customary BM25 parameters, and the constant of Cormack, Clarke and Büttcher (2009)."""
_CANDIDATES = 100
_ELISION = re.compile(r"\b(?:[ldjmtscn]|qu|jusqu|lorsqu|puisqu|quoiqu)'")
_STEMMERS: Mapping[Language, str] = {"fr": "french", "en": "english"}
_STOP_WORDS: Mapping[Language, frozenset[str]] = {"fr": FRENCH_STOP_WORDS, "en": ENGLISH_STOP_WORDS}


class PlainBm25:
    """BM25 over stemmed words without accents, elisions and stop words; whole documents, title included."""

    def __init__(self, texts: Sequence[str], language: Language) -> None:
        self._stemmer = Stemmer.Stemmer(_STEMMERS[language])
        self._stop_words = _STOP_WORDS[language]
        self._language = language
        self._postings: dict[str, dict[int, int]] = defaultdict(dict)
        lengths = []
        for place, text in enumerate(texts):
            words = self._words(text)
            lengths.append(len(words))
            for word, times in Counter(words).items():
                self._postings[word][place] = times
        mean = sum(lengths) / len(lengths)
        self._norms = [K1 * (1 - B + B * length / mean) for length in lengths]

    def order(self, question: str, *, once: bool) -> list[int]:
        """Return the places of the best texts, best first; ``once`` counts a repeated word one time."""
        scores: dict[int, float] = defaultdict(float)
        for word, times in Counter(self._words(question)).items():
            holding = self._postings.get(word, {})
            rarity = math.log(1 + (len(self._norms) - len(holding) + 0.5) / (len(holding) + 0.5))
            for place, found in holding.items():
                share = found * (K1 + 1) / (found + self._norms[place])
                scores[place] += (1 if once else times) * rarity * share
        return sorted(scores, key=lambda place: (-scores[place], place))[:_CANDIDATES]

    def _words(self, text: str) -> list[str]:
        plain = text.lower().replace("’", "'")
        if self._language == "fr":
            plain = _ELISION.sub(" ", plain)
        return [
            _fold(self._stemmer.stemWord(word))
            for word in re.findall(r"\w+", plain)
            if _fold(word) not in self._stop_words
        ]


def order_by_vectors(question: npt.NDArray[np.float32], documents: npt.NDArray[np.float32]) -> list[int]:
    """Return the places of the rows of `documents` nearest to `question`, best first."""
    best = np.argsort(-(documents @ question), kind="stable")[:_CANDIDATES]
    return [int(place) for place in best]


def order_by_ranks(*orders: Sequence[int]) -> list[int]:
    """Put orders into one by reciprocal rank fusion, each counting the same."""
    scores: dict[int, float] = defaultdict(float)
    for order in orders:
        for rank, place in enumerate(order, start=1):
            scores[place] += 1 / (RRF_K + rank)
    return sorted(scores, key=lambda place: (-scores[place], place))


def _fold(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
