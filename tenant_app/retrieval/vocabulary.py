"""The trade's own words: a question holding one member of a group of synonyms also looks for the others."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tenant_app.retrieval.analysis import analyse
from tenant_app.retrieval.language import Language

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class _Member:
    """One way of saying it: as it is written, and its terms (none when it reads like a stop word: "ta")."""

    written: str
    terms: tuple[str, ...]


class Vocabulary:
    """Groups of synonyms, each of one or more words, from the assistant's settings."""

    def __init__(self, entries: Mapping[str, Sequence[str]]) -> None:
        self._groups: dict[Language, list[list[_Member]]] = {
            language: [
                [_Member(written, tuple(analyse(written, language))) for written in (term, *synonyms)]
                for term, synonyms in entries.items()
            ]
            for language in _LANGUAGES
        }

    def synonyms(self, question: str, language: Language) -> list[tuple[str, ...]]:
        """Return the terms of each synonym of something the question says, without those it says itself."""
        said = analyse(question, language)
        found: dict[tuple[str, ...], None] = {}
        for group in self._groups[language]:
            spoken = [member for member in group if _says(question, said, member)]
            if spoken:
                found.update(dict.fromkeys(_others(group, spoken)))
        return list(found)


_LANGUAGES: tuple[Language, ...] = ("fr", "en")


def _says(question: str, said: Sequence[str], member: _Member) -> bool:
    if not member.terms:
        # An abbreviation that is also a small word ("TA", "ta") counts in capitals only.
        return member.written.upper() in _WORD.findall(question)
    length = len(member.terms)
    return any(tuple(said[start : start + length]) == member.terms for start in range(len(said) - length + 1))


def _others(group: Sequence[_Member], spoken: Sequence[_Member]) -> Iterator[tuple[str, ...]]:
    for member in group:
        if member.terms and member not in spoken:
            yield member.terms
