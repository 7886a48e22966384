"""The tenant's settings: the keys of its ``.env`` file, checked before anything starts.

Only the keys of ``Settings`` are accepted and the process environment cannot override one of them; it says
only where the file is. A missing, weak or unknown value refuses the boot with one line naming the key.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    SecretStr,
    ValidationError,
    model_validator,
)

from tenant_app.allowed_origins import AllowedOrigins

EX_CONFIG = 78
SHORTEST_KEY_BYTES = 32
LONGEST_ANSWER_TOKENS = 1500
BYTES_PER_MB = 1_000_000
"""What plans.yaml means by an MB, so that every figure shown and every limit is the same one."""


class InvalidSettings(Exception):
    """The settings do not allow the application to start; the message names each refused key."""


def _none_when_empty(value: Any) -> Any:
    return None if value == "" else value


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value().encode()) < SHORTEST_KEY_BYTES:
        raise ValueError(f"must be at least {SHORTEST_KEY_BYTES} bytes; try `openssl rand -hex 32`")
    return key


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or url != f"{parts.scheme}://{parts.netloc}"
    ):
        raise ValueError(
            "must be scheme://host[:port] and nothing more, for example https://dupont.example.org"
        )
    return url


Origin = Annotated[str, AfterValidator(_origin)]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
SigningKey = Annotated[SecretStr, AfterValidator(_long_enough)]
Unlimited = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_none_when_empty)]
"""A limit; the empty string in the file, None here, means there is none."""


OptionalEuros = Annotated[Annotated[Decimal, Field(ge=0)] | None, BeforeValidator(_none_when_empty)]
"""Euros; the empty string in the file, None here, means that there is no such thing."""


@dataclass(frozen=True)
class FormerKey:
    """A signing key that was replaced; what it signed is read until a moment."""

    key: SecretStr
    until: datetime


class EmbeddingPrefixes(BaseModel):
    """What the host puts before questions and passages, in place of what is known of its embedding model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    passage: str


LegalPage = Literal["cgv", "mentions-legales", "confidentialite"]
"""Terms of sale, legal notice, privacy: the vendor's texts in this client's name, in Markdown."""


class SuggestedQuestion(BaseModel):
    """A question offered to somebody who does not know where to begin, in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fr: str
    en: str


class Settings(BaseModel):
    """Everything that makes this instance one client's; each field is the ``.env`` key in lower case."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=str.upper,
        # A refused secret must not be quoted in the message that refuses it.
        hide_input_in_errors=True,
    )

    client_id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    instance_name: str
    client_name: Annotated[str, Field(min_length=1)]
    client_siret: str
    client_address: str
    client_phone: str
    client_email: str
    client_logo: str
    client_color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
    subscription_plan: Annotated[str, Field(min_length=1)]
    max_users: Annotated[int, Field(ge=1)]
    max_cases: Unlimited
    ai_model: str
    prediction_threshold: Annotated[float, Field(ge=0, le=1)]
    max_analysis_monthly: Unlimited
    advanced_features: bool
    data_dir: AbsolutePath
    port: Annotated[int, Field(ge=1024, le=65535)]
    secret_key: SigningKey
    operator_key: SigningKey
    secret_key_before: Annotated[SigningKey | None, BeforeValidator(_none_when_empty)]
    secret_key_before_until: Annotated[AwareDatetime | None, BeforeValidator(_none_when_empty)]
    public_url: Origin
    further_urls: Json[tuple[Origin, ...]]
    allowed_origins: AllowedOrigins
    max_requests_monthly: Unlimited
    max_requests_per_minute: Annotated[int, Field(ge=1)]
    max_api_keys: Unlimited
    llm_budget_monthly: OptionalEuros
    max_upload_mb: Annotated[int, Field(ge=1)]
    max_storage_mb: Annotated[int, Field(ge=1)]
    max_question_chars: Annotated[int, Field(ge=1)]
    threads: Annotated[int, Field(ge=3)]
    sleep_after_minutes: Annotated[Annotated[float, Field(gt=0)] | None, BeforeValidator(_none_when_empty)]
    price_cents: Annotated[int, Field(ge=0)]
    overage_request_price: OptionalEuros
    overage_analysis_price: OptionalEuros
    plan_expires_on: Annotated[date | None, BeforeValidator(_none_when_empty)]
    support_level: str
    support_contact: str
    sends_mail: bool
    assistant: str
    assistant_prompt: str
    assistant_questions: Json[tuple[SuggestedQuestion, ...]]
    assistant_vocabulary: Json[dict[str, tuple[str, ...]]]
    llm_model: str
    retrieval_depth: Annotated[int, Field(ge=1, le=50)]
    llm_context_tokens: Annotated[int, Field(ge=2000)]
    profile_prompt: str
    embedding_socket: AbsolutePath
    embedding_model: Annotated[str, Field(min_length=1)]
    embedding_prefixes: Annotated[Json[EmbeddingPrefixes] | None, BeforeValidator(_none_when_empty)]
    rerank_model: Annotated[str | None, BeforeValidator(_none_when_empty)]
    openai_base_url: Annotated[str | None, BeforeValidator(_none_when_empty)]
    openai_api_key: Annotated[SecretStr | None, BeforeValidator(_none_when_empty)]
    openai_socket: Annotated[AbsolutePath | None, BeforeValidator(_none_when_empty)]
    llm_timeout_seconds: Annotated[float, Field(gt=0)]
    llm_price_in_per_million: Annotated[Decimal, Field(ge=0)]
    llm_price_out_per_million: Annotated[Decimal, Field(ge=0)]
    language_default: Literal["fr", "en"]
    legal_texts: Json[dict[LegalPage, dict[Literal["fr", "en"], str]]]

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        if self.secret_key == self.operator_key:
            raise ValueError("SECRET_KEY and OPERATOR_KEY must not be the same")
        return self

    @property
    def former_key(self) -> FormerKey | None:
        """The signing key before the present one, while it may still be read; None when there is none."""
        key, until = self.secret_key_before, self.secret_key_before_until
        return FormerKey(key, until) if key is not None and until is not None else None

    @property
    def llm_answer_tokens(self) -> int:
        """How long the model's answer may be: part of its window, and what a call's price is held for."""
        return min(LONGEST_ANSWER_TOKENS, self.llm_context_tokens // 4)

    @property
    def upload_bytes(self) -> int:
        """What one uploaded file may weigh; an MB of the plan is 1,000,000 bytes."""
        return self.max_upload_mb * BYTES_PER_MB

    @property
    def storage_bytes(self) -> int:
        """What all documents together may weigh."""
        return self.max_storage_mb * BYTES_PER_MB

    @property
    def served_over_https(self) -> bool:
        """Whether people reach this tenant over TLS, so that cookies may be marked secure."""
        return self.public_url.startswith("https://")

    @property
    def origins(self) -> tuple[str, ...]:
        """Every address people may use, this instance's own name first."""
        return (self.public_url, *self.further_urls)

    @property
    def hostnames(self) -> list[str]:
        """The host names of those addresses, without their ports."""
        return [urlsplit(origin).hostname or "" for origin in self.origins]


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the file systemd handed over (``$CREDENTIALS_DIRECTORY/env``), else ``$TENANT_ENV_FILE``.

    Raises InvalidSettings, in one line, when there is no such file or a value in it is refused.
    """
    path = _env_file(environ)
    if not path.is_file():
        raise InvalidSettings(f"settings file {path} does not exist or is not a regular file")
    try:
        return Settings.model_validate(dotenv_values(path, interpolate=False, encoding="utf-8"))
    except (UnicodeDecodeError, OSError) as error:
        raise InvalidSettings(f"settings file {path} cannot be read: {error}") from error
    except ValidationError as error:
        raise InvalidSettings(f"settings file {path}: {_in_one_line(error)}") from error


def _env_file(environ: Mapping[str, str]) -> Path:
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    if credentials and (handed_over := Path(credentials) / "env").is_file():
        return handed_over
    named = environ.get("TENANT_ENV_FILE")
    if not named:
        raise InvalidSettings("no settings: set TENANT_ENV_FILE to the path of the tenant's .env file")
    return Path(named)


def _in_one_line(error: ValidationError) -> str:
    reasons = []
    for issue in error.errors(include_url=False, include_input=False, include_context=False):
        key = ".".join(str(part) for part in issue["loc"])
        reasons.append(f"{key}: {issue['msg']}" if key else issue["msg"])
    return "; ".join(reasons)
