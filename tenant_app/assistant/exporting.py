"""A conversation as a file to keep, sources included: Markdown, or the parts of a PDF."""

from collections.abc import Iterator

from flask_babel import get_locale, gettext

from tenant_app.assistant.citations import without_references
from tenant_app.assistant.models import CitedPassage, Conversation, Turn
from tenant_app.exporting.blocks import Block, Heading, Note, Paragraph, Quote, Sheet
from tenant_app.settings import Settings


def as_markdown(conversation: Conversation) -> str:
    """Return the conversation, its turns loaded, as Markdown that hides no link and no image."""
    lines = [f"# {without_references(conversation.title)}", ""]
    for turn in conversation.turns:
        lines += _turn(turn)
    return "\n".join(lines)


def as_sheet(conversation: Conversation, settings: Settings) -> Sheet:
    """Return the conversation, its turns loaded, as what a PDF is written from."""
    return Sheet(
        title=without_references(conversation.title),
        issuer=settings.client_name,
        language="en" if str(get_locale()) == "en" else "fr",
        page_label=gettext("page"),
        blocks=[block for turn in conversation.turns for block in _blocks(turn)],
    )


def _blocks(turn: Turn) -> Iterator[Block]:
    yield Heading(_on_one_line(turn.question))
    made = (
        gettext("Rédigée par l’assistant IA") if turn.mode == "llm" else gettext("Extraite de vos documents")
    )
    yield Note(f"{turn.created_at.strftime('%Y-%m-%d %H:%M UTC')} – {made}")
    yield Paragraph(without_references(turn.answer))
    for sentence in turn.sentences:
        if sentence["supported"] is False:
            yield Note(gettext("Non étayé par les passages : « %(text)s »", text=sentence["text"]))
    if turn.citations:
        yield Heading(gettext("Sources"), level=2)
    for citation in turn.citations:
        yield Quote(_on_one_line(citation.quote), f"[{citation.n}] {_place(citation)}")


def _turn(turn: Turn) -> Iterator[str]:
    asked = turn.created_at.strftime("%Y-%m-%d %H:%M UTC")
    yield from (f"## {_on_one_line(turn.question)}", "", f"*{asked}*", "")
    yield from (without_references(turn.answer), "")
    if turn.citations:
        yield from (f"**{gettext('Sources')}**", "")
        yield from (_source(citation) for citation in turn.citations)
        yield ""


def _source(citation: CitedPassage) -> str:
    return f"- [{citation.n}] {_place(citation)} : « {_on_one_line(citation.quote)} »"


def _place(citation: CitedPassage) -> str:
    page = f", {gettext('page %(page)s', page=citation.page)}" if citation.page is not None else ""
    return f"{_on_one_line(citation.document)}{page}"


def _on_one_line(text: str) -> str:
    return " ".join(without_references(text).split())
