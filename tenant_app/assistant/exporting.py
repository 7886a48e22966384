"""A conversation as a Markdown file, sources included."""

from collections.abc import Iterator

from flask_babel import gettext

from tenant_app.assistant.citations import without_references
from tenant_app.assistant.models import CitedPassage, Conversation, Turn


def as_markdown(conversation: Conversation) -> str:
    """Return the conversation, its turns loaded, as Markdown that hides no link and no image."""
    lines = [f"# {without_references(conversation.title)}", ""]
    for turn in conversation.turns:
        lines += _turn(turn)
    return "\n".join(lines)


def _turn(turn: Turn) -> Iterator[str]:
    asked = turn.created_at.strftime("%Y-%m-%d %H:%M UTC")
    yield from (f"## {_on_one_line(turn.question)}", "", f"*{asked}*", "")
    yield from (without_references(turn.answer), "")
    if turn.citations:
        yield from (f"**{gettext('Sources')}**", "")
        yield from (_source(citation) for citation in turn.citations)
        yield ""


def _source(citation: CitedPassage) -> str:
    place = f", {gettext('page %(page)s', page=citation.page)}" if citation.page is not None else ""
    return f"- [{citation.n}] {_on_one_line(citation.document)}{place} : « {_on_one_line(citation.quote)} »"


def _on_one_line(text: str) -> str:
    return " ".join(without_references(text).split())
