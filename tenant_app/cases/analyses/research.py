"""What the firm's library says to a case: questions drawn from it, and the passages found for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tenant_app.accounts.actor import Actor
from tenant_app.assistant.extraction import Quote, best_quotes
from tenant_app.assistant.relevance import QUOTED, admitted
from tenant_app.cases.analyses.content import Extract
from tenant_app.cases.analyses.material import Material, extracts_of
from tenant_app.cases.analyses.statements import Statement
from tenant_app.database import Database
from tenant_app.retrieval.scope import Scope
from tenant_app.retrieval.search import Hit, Search, SearchAnswer

MOST_QUESTIONS: Final = 4
HITS: Final = 10
LONGEST_QUESTION: Final = 400


@dataclass(frozen=True)
class Finding:
    """What one question found in the firm's library: the passages that count, with their best words."""

    question: str
    answer: SearchAnswer
    extracts: tuple[Extract, ...]
    quotes: tuple[Quote, ...]
    """Their ``index`` counts in ``extracts``."""


def questions_of(material: Material, issues: Sequence[Statement]) -> list[str]:
    """Return what to ask the library: what the case is about, then what is at issue in its documents."""
    asked = [material.question, *(issue.text for issue in issues)]
    whole = [" ".join(question.split())[:LONGEST_QUESTION] for question in asked]
    return list(dict.fromkeys(question for question in whole if question))[:MOST_QUESTIONS]


def research(database: Database, search: Search, actor: Actor, material: Material, question: str) -> Finding:
    """Ask one question of the case's and the firm's documents; what is quoted is the firm's."""
    found = search.search(actor, question, HITS, Scope(case_id=material.case.id))
    language = found.language or material.language
    hits: Sequence[Hit] = [
        hit
        for hit in admitted(question, found, language, QUOTED)
        if hit.document_id not in material.document_ids
    ]
    extracts = extracts_of(database, hits)
    there = {extract.chunk_id for extract in extracts}
    quotes = best_quotes(question, [hit for hit in hits if hit.chunk_id in there], language)
    return Finding(question, found, tuple(extracts), tuple(quotes))
