"""What a follow-up asks for: « et pour un mineur ? » is searched with the subject of the question before.

A rule without a language model. A question follows up when it says little by itself and leans on what came
before: it begins with a word that goes on (« et », « mais », "what about"), points back (« ce délai », "it"),
or holds no more than two telling words. The telling words of the question before are then searched with it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language, detect_language

FEW_TERMS: Final = 2
SHORT: Final = 6
"""Telling words. A longer question says what it is about."""
MOST_CARRIED: Final = 10

_GOES_ON: Final = re.compile(
    r"^\s*(?:et|mais|ou|sinon|donc|alors|même|idem|dans ce cas|qu'en est-il|pour(?:quoi)?|"
    r"and|but|or|so|then|what about|how about|what if|in that case|why|same)\b",
    re.IGNORECASE,
)
_POINTS_BACK: Final = re.compile(
    r"\b(?:il|ils|elle|elles|celui-ci|celle-ci|ceux-ci|celles-ci|cela|ça|ce dernier|cette dernière|leurs?|"
    r"y|it|they|them|its|their|this|that|these|those)\b"
    r"|\b(?:ce|cet|cette|ces) (?=\w)",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W_][\w'’.-]*[^\W_]|[^\W_]")


def sought(question: str, before: Sequence[str], default: Language) -> str:
    """Return what to search for; ``before`` are the earlier questions of the conversation, oldest first."""
    language = detect_language(question) or default
    carried: list[str] = []
    current = question
    for earlier in reversed(before):
        if not follows_up(current, language):
            break
        known = set(analyse(" ".join([question, *carried]), language))
        carried += [word for word in _telling(earlier, language) if not known & set(analyse(word, language))]
        current = earlier
    return " ".join([question, *carried[:MOST_CARRIED]])


def follows_up(question: str, language: Language) -> bool:
    """Return whether a question is not understood without the one before."""
    terms = len(set(analyse(question, language)))
    if terms <= FEW_TERMS:
        return True
    leans = _GOES_ON.search(question.replace("’", "'")) or _POINTS_BACK.search(question)
    return terms <= SHORT and leans is not None


def _telling(question: str, language: Language) -> Iterator[str]:
    for word in _WORD.findall(question):
        if analyse(word, language):
            yield word
