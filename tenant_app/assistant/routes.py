"""The routes of the assistant: asking, and one's own conversations."""

from collections.abc import Iterator

from flask import Blueprint, Response, make_response
from flask_babel import lazy_gettext

from tenant_app.api.authentication import requires
from tenant_app.api.bodies import answered, json_body, query_arguments
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.documentation import documented
from tenant_app.api.event_stream import event_response, named
from tenant_app.assistant.answers import Done, Event, Restart, Sentence
from tenant_app.assistant.asking import Asked
from tenant_app.assistant.exporting import as_markdown, as_sheet
from tenant_app.assistant.running import RunningAnswer
from tenant_app.assistant.schemas import (
    Again,
    AnswerView,
    ConversationList,
    ConversationRow,
    ConversationView,
    ExportFormat,
    Feedback,
    FeedbackView,
    NewTitle,
    Question,
    SecurityEvents,
    SecurityEventView,
    Wanted,
)
from tenant_app.errors import Forbidden, TenantAppError
from tenant_app.exporting.pdf import MEDIA_TYPE, as_pdf
from tenant_app.settings import Settings

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
    asked = Asked(question.question, question.conversation_id, question.case_id)
    return _response(services.assistant.open(actor, asked), stream=question.stream)


@blueprint.post("/api/conversations/<int:conversation_id>/turns/<int:turn_id>/regenerate")
@documented(
    summary="Refaire la dernière réponse d'une conversation (compte pour une requête)",
    body=Again,
    answer=AnswerView,
    streams=True,
    errors=[400, 401, 403, 404, 415, 429, 503],
)
@requires("chat")
def regenerate(conversation_id: int, turn_id: int) -> Response:
    """Answer the last question of a conversation once more; the new answer takes the place of the old one."""
    again = json_body(Again)
    running = current_services().assistant.open_again(current_actor(), conversation_id, turn_id)
    return _response(running, stream=again.stream)


@blueprint.put("/api/turns/<int:turn_id>/feedback")
@documented(
    summary="Dire ce que vaut une de mes réponses",
    body=Feedback,
    answer=FeedbackView,
    errors=[400, 401, 403, 404, 415],
)
@requires("chat")
def rate(turn_id: int) -> Response:
    """Keep a thumb up or down, and why."""
    feedback = json_body(Feedback)
    turn = current_services().assistant.conversations.rate(
        current_actor(), turn_id, feedback.rating, feedback.comment
    )
    return answered(FeedbackView.of(turn))


@blueprint.get("/api/security-events")
@documented(summary="Les derniers signes d'abus", answer=SecurityEvents, errors=[401, 403])
@requires("users.manage")
def security_events() -> Response:
    """List the last signs of abuse, newest first."""
    events = current_services().accounts.security.latest()
    return answered(SecurityEvents(events=[SecurityEventView.of(event) for event in events]))


def _response(running: RunningAnswer, *, stream: bool) -> Response:
    services, actor = current_services(), current_actor()
    if stream:
        return event_response(running, lambda: services.accounts.confirm(actor), _encoded, _encoded_error)
    return answered(AnswerView.of(running.whole()))


@blueprint.get("/api/conversations")
@documented(
    summary="Mes conversations (q : les mots qu'elles contiennent)",
    query=Wanted,
    answer=ConversationList,
    errors=[400, 401, 403],
)
@requires("chat")
def list_conversations() -> Response:
    """List one's own conversations, last used first."""
    wanted = query_arguments(Wanted)
    conversations = current_services().assistant.conversations
    own = conversations.list_own(current_actor(), words=wanted.q, case_id=wanted.case_id)
    return answered(ConversationList(conversations=[ConversationRow.of(row) for row in own]))


@blueprint.get("/api/conversations/<int:conversation_id>")
@documented(summary="Une de mes conversations", answer=ConversationView, errors=[401, 403, 404])
@requires("chat")
def show_conversation(conversation_id: int) -> Response:
    """Show one of one's own conversations with its turns."""
    conversation = current_services().assistant.conversations.get(current_actor(), conversation_id)
    return answered(ConversationView.whole(conversation))


@blueprint.patch("/api/conversations/<int:conversation_id>")
@documented(
    summary="Renommer une de mes conversations",
    body=NewTitle,
    answer=ConversationRow,
    errors=[400, 401, 403, 404, 415],
)
@requires("chat")
def rename_conversation(conversation_id: int) -> Response:
    """Give one of one's own conversations another title."""
    title = json_body(NewTitle).title
    renamed = current_services().assistant.conversations.rename(current_actor(), conversation_id, title)
    return answered(ConversationRow.of(renamed))


@blueprint.delete("/api/conversations/<int:conversation_id>")
@documented(summary="Effacer une de mes conversations", status=204, errors=[401, 403, 404])
@requires("chat")
def delete_conversation(conversation_id: int) -> Response:
    """Erase one of one's own conversations."""
    current_services().assistant.conversations.delete(current_actor(), conversation_id)
    return Response(status=204)


@blueprint.get("/api/conversations/<int:conversation_id>/export")
@documented(
    summary="Télécharger une de mes conversations (format=markdown, json ou pdf)",
    query=ExportFormat,
    media_type="text/markdown",
    errors=[400, 401, 403, 404],
)
@requires("chat")
def export_conversation(conversation_id: int) -> Response:
    """Download one of one's own conversations with its sources."""
    wanted = query_arguments(ExportFormat)
    settings = current_services().settings
    conversation = current_services().assistant.conversations.get(current_actor(), conversation_id)
    if wanted.format == "json":
        file, extension = answered(ConversationView.whole(conversation)), "json"
    elif wanted.format == "pdf":
        _require_pdf(settings)
        file, extension = make_response(as_pdf(as_sheet(conversation, settings))), "pdf"
        file.content_type = MEDIA_TYPE
    else:
        file, extension = make_response(as_markdown(conversation)), "md"
        file.content_type = "text/markdown; charset=utf-8"
    file.headers["Content-Disposition"] = f'attachment; filename="conversation-{conversation_id}.{extension}"'
    return file


def _require_pdf(settings: Settings) -> None:
    if not settings.advanced_features:
        raise Forbidden(
            lazy_gettext("Votre abonnement ne comprend pas l'export en PDF."), code="feature-not-included"
        )


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
