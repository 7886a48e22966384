"""The bodies and answers of the OpenAI-compatible routes, as far as this instance goes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tenant_app.assistant.schemas import CitationView, NoticeView, SentenceView


class TextPart(BaseModel):
    """A part of a message; text is the only kind understood."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """A message of the conversation so far."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    @property
    def text(self) -> str:
        """The message's words."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    """How to stream."""

    include_usage: bool = False


class ChatCompletionRequest(BaseModel):
    """A chat completion. Settings of the model (temperature, penalties …) are the instance's and are ignored.

    ``model`` may be any name: an instance has one model, named in the answer.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=100)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] = 1


class CompletionUsage(BaseModel):
    """Tokens of the model; zero when the answer was extracted locally."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class AssistantMessage(BaseModel):
    """The answer."""

    role: Literal["assistant"] = "assistant"
    content: str


class Choice(BaseModel):
    """The only choice."""

    index: Literal[0] = 0
    message: AssistantMessage
    finish_reason: Literal["stop"] = "stop"


class Sources(BaseModel):
    """What this instance adds to OpenAI's shape."""

    mode: Literal["llm", "local"]
    citations: list[CitationView]
    sentences: list[SentenceView]
    notices: list[NoticeView]


class ChatCompletion(Sources):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: CompletionUsage


class Model(BaseModel):
    """A model that may be named."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(BaseModel):
    """The one model of the instance."""

    object: Literal["list"] = "list"
    data: list[Model]
