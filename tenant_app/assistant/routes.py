"""The routes of the assistant: asking, and one's own conversations."""

from collections.abc import Iterator

from flask import Blueprint, Response, make_response

from tenant_app.api.authentication import requires
from tenant_app.api.bodies import answered, json_body, query_arguments
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.documentation import documented
from tenant_app.api.event_stream import event_response, named
from tenant_app.assistant.answers import Done, Event, Restart, Sentence
from tenant_app.assistant.exporting import as_markdown
from tenant_app.assistant.running import Asked
from tenant_app.assistant.schemas import (
    AnswerView,
    ConversationList,
    ConversationRow,
    ConversationView,
    ExportFormat,
    Question,
)
from tenant_app.errors import TenantAppError

blueprint = Blueprint("assistant", __name__)


@blueprint.post("/api/chat")
@documented(
    summary="Poser une question aux documents (avec stream, la réponse vient en text/event-stream)",
    body=Question,
    answer=AnswerView,
    streams=True,
    errors=[400, 401, 403, 404, 415, 429, 503],
)
@requires("chat")
def chat() -> Response:
    """Answer a question, whole or as events ``token``, ``restart``, ``citations``, ``done`` and ``error``."""
    services, actor = current_services(), current_actor()
    question = json_body(Question)
    asked = Asked(question.question, question.conversation_id)
    if not question.stream:
        return answered(AnswerView.of(services.assistant.answer(actor, asked)))
    running = services.assistant.open(actor, asked)
    return event_response(running, lambda: services.accounts.confirm(actor), _encoded, _encoded_error)


@blueprint.get("/api/conversations")
@documented(summary="Mes conversations", answer=ConversationList, errors=[401, 403])
@requires("chat")
def list_conversations() -> Response:
    """List one's own conversations, last used first."""
    own = current_services().assistant.conversations.list_own(current_actor())
    return answered(ConversationList(conversations=[ConversationRow.of(row) for row in own]))


@blueprint.get("/api/conversations/<int:conversation_id>")
@documented(summary="Une de mes conversations", answer=ConversationView, errors=[401, 403, 404])
@requires("chat")
def show_conversation(conversation_id: int) -> Response:
    """Show one of one's own conversations with its turns."""
    conversation = current_services().assistant.conversations.get(current_actor(), conversation_id)
    return answered(ConversationView.whole(conversation))


@blueprint.delete("/api/conversations/<int:conversation_id>")
@documented(summary="Effacer une de mes conversations", status=204, errors=[401, 403, 404])
@requires("chat")
def delete_conversation(conversation_id: int) -> Response:
    """Erase one of one's own conversations."""
    current_services().assistant.conversations.delete(current_actor(), conversation_id)
    return Response(status=204)


@blueprint.get("/api/conversations/<int:conversation_id>/export")
@documented(
    summary="Télécharger une de mes conversations (format=markdown ou json)",
    query=ExportFormat,
    media_type="text/markdown",
    errors=[400, 401, 403, 404],
)
@requires("chat")
def export_conversation(conversation_id: int) -> Response:
    """Download one of one's own conversations with its sources."""
    wanted = query_arguments(ExportFormat)
    conversation = current_services().assistant.conversations.get(current_actor(), conversation_id)
    if wanted.format == "json":
        file, extension = answered(ConversationView.whole(conversation)), "json"
    else:
        file, extension = make_response(as_markdown(conversation)), "md"
        file.content_type = "text/markdown; charset=utf-8"
    file.headers["Content-Disposition"] = f'attachment; filename="conversation-{conversation_id}.{extension}"'
    return file


def _encoded(event: Event) -> Iterator[str]:
    match event:
        case Sentence(text, supported):
            yield named("token", {"text": text, "supported": supported})
        case Restart():
            yield named("restart", {})
        case Done(answer):
            view = AnswerView.of(answer).model_dump(mode="json")
            yield named("citations", view["citations"])
            yield named("done", view)


def _encoded_error(error: TenantAppError) -> str:
    return named(
        "error",
        {
            "status": error.status,
            "title": str(error.title),
            "detail": str(error.detail),
            "code": error.code,
        },
    )
