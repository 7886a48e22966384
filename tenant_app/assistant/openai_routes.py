"""The routes that OpenAI's own clients can call: same answers, same counting, nothing kept."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

from flask import Blueprint, Response
from flask_babel import gettext, lazy_gettext

from tenant_app.api.authentication import requires
from tenant_app.api.bodies import answered, json_body
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.documentation import documented
from tenant_app.api.event_stream import event_response, unnamed
from tenant_app.assistant.answers import Answer, Done, Event, Restart, Sentence
from tenant_app.assistant.asking import Asked
from tenant_app.assistant.openai_schemas import (
    AssistantMessage,
    ChatCompletion,
    ChatCompletionRequest,
    ChatMessage,
    Choice,
    CompletionUsage,
    Model,
    ModelList,
)
from tenant_app.assistant.provider import Message
from tenant_app.assistant.schemas import AnswerView
from tenant_app.errors import Forbidden, InvalidInput, TenantAppError

blueprint = Blueprint("openai", __name__)

LONGEST_HISTORY: Final = 20_000
"""Characters of the messages before the question."""
_EXTENSION: Final = {"mode", "citations", "sentences", "notices"}
_END: Final = "data: [DONE]\n\n"


@blueprint.post("/v1/chat/completions")
@documented(
    summary="Poser une question, à la manière d'OpenAI",
    body=ChatCompletionRequest,
    answer=ChatCompletion,
    streams=True,
    errors=[400, 401, 403, 415, 429, 503],
)
@requires("chat")
def chat_completions() -> Response:
    """Answer the last message from the documents."""
    _require_feature()
    services, actor = current_services(), current_actor()
    body = json_body(ChatCompletionRequest)
    asked = _asked(body)
    head = _Head.new(int(services.clock.now().timestamp()), services.settings.ai_model)
    if not body.stream:
        return answered(_completion(head, services.assistant.answer(actor, asked)))
    with_usage = body.stream_options is not None and body.stream_options.include_usage
    return event_response(
        services.assistant.open(actor, asked),
        lambda: services.accounts.confirm(actor),
        _Encoder(head, with_usage=with_usage).encoded,
        _encoded_error,
    )


@blueprint.get("/v1/models")
@documented(summary="Le modèle de cette instance", answer=ModelList, errors=[401, 403])
@requires("chat")
def models() -> Response:
    """List the one model."""
    _require_feature()
    settings = current_services().settings
    return answered(ModelList(data=[Model(id=settings.ai_model, created=0, owned_by=settings.client_id)]))


def _require_feature() -> None:
    if not current_services().settings.advanced_features:
        raise Forbidden(
            lazy_gettext("Votre abonnement ne comprend pas l'accès compatible OpenAI."),
            code="feature-not-included",
        )


def _asked(body: ChatCompletionRequest) -> Asked:
    *before, last = body.messages
    if last.role != "user":
        raise InvalidInput(lazy_gettext("Le dernier message doit être celui de l'utilisateur."))
    if sum(len(message.text) for message in before) > LONGEST_HISTORY:
        raise InvalidInput(
            lazy_gettext(
                "Les messages précédents comptent plus de %(longest)s caractères.", longest=LONGEST_HISTORY
            ),
            code="history-too-long",
        )
    return Asked(last.text, history=_history(before), keep=False)


def _history(messages: list[ChatMessage]) -> list[Message]:
    return [
        # A caller's own instructions come after the instance's and have no rank above a question.
        Message(role="assistant" if message.role == "assistant" else "user", content=message.text)
        for message in messages
    ]


@dataclass(frozen=True)
class _Head:
    """What every piece of one completion repeats."""

    id: str
    created: int
    model: str

    @classmethod
    def new(cls, created: int, model: str) -> Self:
        return cls(f"chatcmpl-{secrets.token_hex(12)}", created, model)


def _completion(head: _Head, answer: Answer) -> ChatCompletion:
    view = AnswerView.of(answer)
    return ChatCompletion(
        id=head.id,
        created=head.created,
        model=head.model,
        choices=[Choice(message=AssistantMessage(content=answer.text))],
        usage=_usage(answer),
        mode=view.mode,
        citations=view.citations,
        sentences=view.sentences,
        notices=view.notices,
    )


def _usage(answer: Answer) -> CompletionUsage:
    tokens_in, tokens_out = answer.usage.tokens_in, answer.usage.tokens_out
    return CompletionUsage(
        prompt_tokens=tokens_in, completion_tokens=tokens_out, total_tokens=tokens_in + tokens_out
    )


class _Encoder:
    """Writes one answer as OpenAI's stream of chunks."""

    def __init__(self, head: _Head, *, with_usage: bool) -> None:
        self._head = head
        self._with_usage = with_usage
        self._begun = False

    def encoded(self, event: Event) -> Iterator[str]:
        """Yield the chunks of one event."""
        match event:
            case Sentence(text):
                yield self._content(text)
            case Restart():
                # What was sent cannot be taken back in this protocol; say where the valid answer begins.
                notice = gettext("La réponse s'est interrompue. Voici ce que disent vos documents :")
                yield self._content(f"\n\n{notice}\n\n")
            case Done(answer):
                yield from self._last(answer)

    def _content(self, text: str) -> str:
        delta = {"content": text} if self._begun else {"role": "assistant", "content": text}
        self._begun = True
        return self._chunk([{"index": 0, "delta": delta, "finish_reason": None}])

    def _last(self, answer: Answer) -> Iterator[str]:
        view = AnswerView.of(answer).model_dump(mode="json", include=_EXTENSION)
        yield self._chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}], **view)
        if self._with_usage:
            yield self._chunk([], usage=_usage(answer).model_dump())
        yield _END

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> str:
        head = {"id": self._head.id, "object": "chat.completion.chunk"}
        return unnamed(
            head | {"created": self._head.created, "model": self._head.model, "choices": choices} | more
        )


def _encoded_error(error: TenantAppError) -> str:
    kind = "server_error" if error.status >= 500 else "invalid_request_error"
    return unnamed({"error": {"message": str(error.detail), "type": kind, "param": None, "code": error.code}})
