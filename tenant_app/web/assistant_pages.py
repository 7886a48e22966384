"""The assistant: past conversations, the thread, and the pieces of page the thread's script asks for."""

from dataclasses import dataclass
from typing import Final

from flask import render_template, request
from flask_babel import get_locale, lazy_gettext

from tenant_app.api.context import current_actor, current_services
from tenant_app.assistant.models import CitedPassage, Conversation, Turn
from tenant_app.case_files import CaseFile
from tenant_app.errors import NotFound
from tenant_app.web.chat_states import states_now
from tenant_app.web.frame import page
from tenant_app.web.passages import pieces, ranges_cited, shortened
from tenant_app.web.turns import conversation_shown, document_url

LONGEST_SEARCH: Final = 200


@dataclass(frozen=True)
class Surroundings:
    """The text before and after a cited passage; ``still_there`` is False when its document has gone."""

    before: str = ""
    after: str = ""
    heading: str = ""
    still_there: bool = False


@page("chat")
def assistant(conversation_id: int | None) -> str:
    """Show a conversation, or the beginning of a new one; raises NotFound for one not the reader's."""
    services = current_services()
    actor = current_actor()
    conversations = services.assistant.conversations
    shown = conversations.get(actor, conversation_id) if conversation_id is not None else None
    case = _case_asked_about(shown)
    language = "en" if str(get_locale()) == "en" else "fr"
    states = states_now(services, actor)
    closed = any(state.closed for state in states)
    words = request.args.get("q", "")[:LONGEST_SEARCH]
    return render_template(
        "assistant.html",
        conversation=conversation_shown(shown, _next_questions(shown, closed=closed)) if shown else None,
        case=case,
        conversations=conversations.list_own(actor, words=words, case_id=case.id if case else None),
        words=words,
        document_count=sum(one.status == "indexed" for one in services.library.documents(actor)),
        questions=[getattr(question, language) for question in services.settings.assistant_questions],
        topics=services.assistant.topics.suggested(actor) if shown is None else [],
        states=states,
        closed=closed,
        question_limit=services.settings.max_question_chars,
    )


def _case_asked_about(conversation: Conversation | None) -> CaseFile | None:
    """Return the case a conversation is about, or that a new one is to be about. Raises NotFound."""
    case_id = request.args.get("case_id", type=int) if conversation is None else conversation.case_id
    if case_id is None:
        return None
    return current_services().cases.register.get(current_actor(), case_id).case


def _next_questions(conversation: Conversation, *, closed: bool) -> list[str]:
    """Return what may be asked after the last answer; nothing when no question is accepted."""
    if closed:
        return []
    return current_services().assistant.conversations.next_questions(current_actor(), conversation.turns[-1])


@page("chat")
def latest_turn(conversation_id: int) -> str:
    """Return the last turn of a conversation and its line in the list, as the whole page would show them."""
    services, actor = current_services(), current_actor()
    stored = services.assistant.conversations.get(actor, conversation_id)
    closed = any(state.closed for state in states_now(services, actor))
    shown = conversation_shown(stored, _next_questions(stored, closed=closed))
    return render_template("latest_turn.html", conversation=shown, turn=shown.turns[-1], row=shown)


@page("chat")
def source(conversation_id: int, turn_id: int, number: int) -> str:
    """Return one cited passage as it was when the answer was given, with the text around it today."""
    turn, citation = _citation(conversation_id, turn_id, number)
    around = _surroundings(citation)
    ranges = ranges_cited(turn.answer, number, citation.quote, citation.passage)
    return render_template(
        "passage.html",
        citation=citation,
        pieces=pieces(citation.passage, ranges),
        around=around,
        document_url=document_url(turn, citation) if around.still_there else None,
    )


def _citation(conversation_id: int, turn_id: int, number: int) -> tuple[Turn, CitedPassage]:
    """Return the citation of the reader's own conversation. Raises NotFound."""
    stored = current_services().assistant.conversations.get(current_actor(), conversation_id)
    for turn in stored.turns:
        for citation in turn.citations:
            if (turn.id, citation.n) == (turn_id, number):
                return turn, citation
    raise NotFound(lazy_gettext("Cette source n’existe pas."))


def _surroundings(citation: CitedPassage) -> Surroundings:
    library = current_services().library
    try:
        found = library.passage(current_actor(), citation.document_id, citation.chunk_id)
    except NotFound:
        return Surroundings()
    before, after = shortened(found.before, found.after)
    return Surroundings(before, after, found.chunk.heading, still_there=True)
