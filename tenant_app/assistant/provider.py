"""The language model, asked through the openai SDK; every way it can fail has one name."""

import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, TypedDict, cast

from tenant_app.assistant.deadlines import within
from tenant_app.billing.money import price_of_tokens
from tenant_app.settings import Settings

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

Reason = Literal[
    "provider-timeout",
    "provider-rate-limited",
    "provider-refused",
    "provider-error",
    "provider-cut",
    "provider-empty",
]

CONNECT_SECONDS: Final = 5.0
TOKENS_AROUND_A_MESSAGE: Final = 16
CHARACTERS_PER_TOKEN: Final = 4
"""For providers that do not say what they counted; about right for French and English."""


class Message(TypedDict):
    """One message to the model."""

    role: Literal["system", "user", "assistant"]
    content: str


class ProviderFailed(Exception):
    """The model gave no usable answer; ``reason`` says which way."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass
class Consumption:
    """What a call took: as the provider reports it, else estimated from what was received."""

    asked_characters: int = 0
    received_characters: int = 0
    reported: tuple[int, int] | None = None

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens read and written; none when the call failed before anything came back."""
        if self.reported is not None:
            return self.reported
        if not self.received_characters:
            return 0, 0
        return _estimate(self.asked_characters), _estimate(self.received_characters)


class Took(TypedDict):
    """What calls took: tokens read and written by the model, and their price in euros."""

    tokens_in: int
    tokens_out: int
    cost: Decimal


def took(settings: Settings, calls: Iterable[Consumption]) -> Took:
    """Return what the calls took together."""
    tokens = [call.tokens for call in calls]
    tokens_in, tokens_out = sum(read for read, _ in tokens), sum(written for _, written in tokens)
    cost_in = price_of_tokens(tokens_in, settings.llm_price_in_per_million)
    cost_out = price_of_tokens(tokens_out, settings.llm_price_out_per_million)
    return Took(tokens_in=tokens_in, tokens_out=tokens_out, cost=cost_in + cost_out)


def highest_price(settings: Settings, messages: Sequence[Message]) -> Decimal:
    """Return what a call costs at most, in euros: two bytes for a token, and the longest answer allowed."""
    size = sum(len(message["content"].encode()) // 2 + TOKENS_AROUND_A_MESSAGE for message in messages)
    asked = price_of_tokens(size, settings.llm_price_in_per_million)
    return asked + price_of_tokens(settings.llm_answer_tokens, settings.llm_price_out_per_million)


def _estimate(characters: int) -> int:
    return math.ceil(characters / CHARACTERS_PER_TOKEN)


class Provider:
    """One OpenAI-compatible service. Nothing of the SDK is imported before the first question."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def configured(self) -> bool:
        """Whether the settings name a provider at all."""
        return self._settings.openai_api_key is not None or self._settings.openai_base_url is not None

    @cached_property
    def _client(self) -> "openai.OpenAI":
        import httpx2  # noqa: PLC0415 - comes with openai
        import openai  # noqa: PLC0415 - takes a second and 32 MB

        settings = self._settings
        key, socket = settings.openai_api_key, settings.openai_socket
        through = httpx2.HTTPTransport(uds=str(socket)) if socket else None
        return openai.OpenAI(
            # A service of one's own may need no key; the SDK insists on one.
            api_key=key.get_secret_value() if key else "none",
            base_url=settings.openai_base_url or "https://api.openai.com/v1",
            timeout=openai.Timeout(
                settings.llm_timeout_seconds, connect=min(CONNECT_SECONDS, settings.llm_timeout_seconds)
            ),
            # The caller is waiting: the local answer is the second try.
            max_retries=0,
            http_client=openai.DefaultHttpxClient(transport=through) if through else None,
        )

    def write(self, messages: Sequence[Message], consumption: Consumption) -> Iterator[str]:
        """Yield the model's text as it comes, keeping ``consumption`` up to date.

        Raises ProviderFailed, also after some text has been yielded: what came before is then not an answer.
        """
        import openai  # noqa: PLC0415 - see _client

        consumption.asked_characters = sum(len(message["content"]) for message in messages)
        try:
            yield from self._received(messages, consumption)
        except (openai.APITimeoutError, TimeoutError) as error:
            raise ProviderFailed("provider-timeout") from error
        except openai.APIConnectionError as error:
            raise ProviderFailed(
                "provider-cut" if consumption.received_characters else "provider-error"
            ) from error
        except openai.RateLimitError as error:
            raise ProviderFailed("provider-rate-limited") from error
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise ProviderFailed("provider-refused") from error
        except (openai.OpenAIError, ValueError) as error:
            # ValueError: what came back is not JSON, or not of the promised shape.
            raise ProviderFailed("provider-error") from error

    def close(self) -> None:
        """Close the connections kept open, if any."""
        if "_client" in self.__dict__:
            self._client.close()

    def _received(self, messages: Sequence[Message], consumption: Consumption) -> Iterator[str]:
        finish = None
        said = False
        # The SDK's timeout is for connecting and for each read; together they would be much longer.
        for piece in within(self._settings.llm_timeout_seconds, lambda: self._pieces(messages)):
            consumption.reported = piece.usage or consumption.reported
            consumption.received_characters += len(piece.text)
            finish = piece.finish or finish
            said = said or bool(piece.text.strip())
            if piece.text:
                yield piece.text
        if finish is None:
            raise ProviderFailed("provider-cut")
        if finish == "content_filter":
            raise ProviderFailed("provider-error")
        if not said:
            raise ProviderFailed("provider-empty")

    def _pieces(self, messages: Sequence[Message]) -> Generator["_Piece", None, None]:
        stream = self._client.chat.completions.create(
            model=self._settings.llm_model,
            messages=cast("list[ChatCompletionMessageParam]", messages),
            temperature=0,
            max_tokens=self._settings.llm_answer_tokens,
            stream=True,
            stream_options={"include_usage": True},
        )
        with closing(stream):
            yield from _pieces(stream)


@dataclass(frozen=True)
class _Piece:
    """A part of what the provider sends: some text, why it stopped, what it counted."""

    text: str
    finish: str | None
    usage: tuple[int, int] | None


def _pieces(stream: "openai.Stream[ChatCompletionChunk]") -> Iterator[_Piece]:
    if stream.response.headers.get("content-type", "").startswith("application/json"):
        # Some compatible services do not stream and answer whole.
        yield _whole(stream.response.read())
        return
    for chunk in stream:
        choice = chunk.choices[0] if chunk.choices else None
        yield _Piece(
            text=(choice.delta.content or "") if choice else "",
            finish=choice.finish_reason if choice else None,
            usage=(chunk.usage.prompt_tokens, chunk.usage.completion_tokens) if chunk.usage else None,
        )


def _whole(body: bytes) -> _Piece:
    from openai.types.chat import ChatCompletion  # noqa: PLC0415 - see Provider

    completion = ChatCompletion.model_validate_json(body)
    choice, usage = completion.choices[0], completion.usage
    return _Piece(
        text=choice.message.content or "",
        finish=choice.finish_reason,
        usage=(usage.prompt_tokens, usage.completion_tokens) if usage else None,
    )
