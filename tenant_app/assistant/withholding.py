"""What of an answer kept is not shown any more: what it drew from documents its reader has lost the right to.

A conversation belongs to whoever asked, and stays theirs when they leave a case, or when a document is put
into a case they are not in. Its questions are their own words; the document's words and name are not.

What was the whole firm's when it was deleted stays readable where it was cited. The document of a case that
is deleted stays readable in what was asked within the case, which only those who may see the case read;
anywhere else nobody could tell any more who may, so nothing of it is kept there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session, selectinload

from tenant_app.accounts.actor import Actor
from tenant_app.assistant.checking import CheckedSentence
from tenant_app.assistant.models import CitedPassage, Conversation, Turn
from tenant_app.passages import Document
from tenant_app.retrieval.access import visible_documents
from tenant_app.retrieval.language import Language

NOTICE: Final = "withheld"
ALL_WITHHELD: Final[dict[Language, str]] = {
    "fr": "Cette réponse s'appuyait sur un document que vous ne pouvez plus consulter ; "
    "elle n'est plus affichée.",
    "en": "This answer drew on a document you may no longer see; it is no longer shown.",
}
PART_WITHHELD: Final[dict[Language, str]] = {
    "fr": "Le reste de la réponse s'appuyait sur un document que vous ne pouvez plus consulter ; "
    "il n'est plus affiché.",
    "en": "The rest of the answer drew on a document you may no longer see; it is no longer shown.",
}
_PARAGRAPH: Final = "\n\n"


@dataclass(frozen=True)
class Sight:
    """Which of the documents that turns name their reader sees now, and which are there but hidden."""

    seen: frozenset[int]
    hidden: frozenset[int]


def sight_of(session: Session, actor: Actor, turns: Iterable[Turn]) -> Sight:
    """Return what the actor sees of the documents the turns, their citations loaded, name."""
    named = {document_id for turn in turns for document_id in _named(turn)}
    there = set(session.scalars(select(Document.id).where(Document.id.in_(named))))
    seen = set(session.scalars(select(Document.id).where(Document.id.in_(there), visible_documents(actor))))
    return Sight(frozenset(seen), frozenset(there - seen))


def withhold(turns: Iterable[Turn], sight: Sight) -> None:
    """Take out of the turns, which no session holds any more, what their reader may not see now."""
    for turn in turns:
        turn.near_misses = [miss for miss in turn.near_misses if miss["document_id"] in sight.seen]
        if _cut(turn, sight.hidden):
            turn.citations = [one for one in turn.citations if one.document_id not in sight.hidden]


def cites_hidden(actor: Actor) -> ColumnElement[bool]:
    """Return the condition of turns that cite a document the actor may not see now."""
    return (
        select(CitedPassage.n)
        .join(Document, Document.id == CitedPassage.document_id)
        .where(CitedPassage.turn_id == Turn.id, ~visible_documents(actor))
        .exists()
    )


def forget_documents(session: Session, case_id: int, document_ids: Sequence[int]) -> None:
    """Erase what was drawn from documents of a case, about to be deleted, in answers given outside of it.

    Runs inside the caller's write transaction.
    """
    named = CitedPassage.document_id.in_(document_ids)
    citing = (
        select(Turn)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .where(or_(Conversation.case_id.is_(None), Conversation.case_id != case_id))
        .where(select(CitedPassage.n).where(CitedPassage.turn_id == Turn.id, named).exists())
        .options(selectinload(Turn.citations))
    )
    for turn in session.scalars(citing).all():
        _cut(turn, frozenset(document_ids))
        session.execute(delete(CitedPassage).where(CitedPassage.turn_id == turn.id, named))


def _named(turn: Turn) -> Iterable[int]:
    yield from (citation.document_id for citation in turn.citations)
    yield from (miss["document_id"] for miss in turn.near_misses)


def _cut(turn: Turn, hidden: frozenset[int]) -> bool:
    """Leave of the answer what was not drawn from the hidden documents; return whether any of it was."""
    numbers = {citation.n for citation in turn.citations if citation.document_id in hidden}
    if not numbers:
        return False
    kept, text = _joined(turn.answer, _kept(turn, numbers))
    said = PART_WITHHELD if kept else ALL_WITHHELD
    turn.sentences = [asdict(sentence) for sentence in kept]
    turn.answer = _PARAGRAPH.join(part for part in (text, said[turn.language]) if part)
    turn.notices = [*(code for code in turn.notices if code != NOTICE), NOTICE]
    return True


def _kept(turn: Turn, hidden: set[int]) -> list[CheckedSentence]:
    """Return the sentences that certainly come from passages still seen: what cites nothing may not.

    In an extracted answer a mark stands for all the sentences before it that have none.
    """
    kept: list[CheckedSentence] = []
    cited: list[int] = []
    for stored in reversed(turn.sentences):
        sentence = CheckedSentence(**stored)
        cited = sentence.citations or (cited if turn.mode == "local" else [])
        if cited and hidden.isdisjoint(cited):
            kept.append(sentence)
    return kept[::-1]


def _joined(answer: str, kept: Sequence[CheckedSentence]) -> tuple[list[CheckedSentence], str]:
    """Return the sentences at their places in the text made of them, and this text."""
    moved: list[CheckedSentence] = []
    text = ""
    for place, sentence in enumerate(kept):
        if place:
            between = answer[kept[place - 1].end : sentence.start]
            text += _PARAGRAPH if between.strip() else between
        moved.append(replace(sentence, start=len(text), end=len(text) + len(sentence.text)))
        text += sentence.text
    return moved, text
