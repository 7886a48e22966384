"""The catalogue of plans.yaml: plans, model profiles and assistants, checked when it is read.

A wrong or unknown key is refused with its path in the file, for example
`plans.professional.max_users: Input should be greater than 0`.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    model_validator,
)

from provisioner.errors import InvalidConfiguration, InvalidRequest
from provisioner.fields import check_line

UNLIMITED: Final = "unlimited"


def _read_limit(value: object) -> object:
    """A value forgotten in the file (YAML's null) must not read as "no limit"."""
    if value is None:
        raise ValueError(f"it is empty; write a number or {UNLIMITED!r}")
    return None if value == UNLIMITED else value


def _write_limit(value: int | Decimal | None) -> int | Decimal | str:
    return UNLIMITED if value is None else value


def _read_euros(value: object) -> object:
    """YAML's 99.9 is a float whose shortest text is exactly what was written."""
    return str(value) if isinstance(value, float) else value


def _one_line(text: str) -> str:
    try:
        check_line("text", text, 1000)
    except InvalidRequest as error:
        raise ValueError(error.reason) from error
    return text


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
Line = Annotated[str, AfterValidator(_one_line)]
Count = Annotated[int, Field(gt=0, le=1_000_000_000)]
#: A positive count, or None for `unlimited`.
Limit = Annotated[
    Annotated[int, Field(gt=0, le=1_000_000_000)] | None,
    BeforeValidator(_read_limit),
    PlainSerializer(_write_limit),
]
Euros = Annotated[
    Decimal, Field(ge=0, le=1_000_000, decimal_places=2, allow_inf_nan=False), BeforeValidator(_read_euros)
]
PricePerMillion = Annotated[
    Decimal, Field(ge=0, le=10_000, allow_inf_nan=False), BeforeValidator(_read_euros)
]


#: Euros, or None for `unlimited`.
EurosLimit = Annotated[Euros | None, BeforeValidator(_read_limit), PlainSerializer(_write_limit)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Terms(_Entry):
    """What a plan grants and what one tenant may have otherwise (`--set KEY=VALUE`).

    Euros per month before tax; MB of 1,000,000 bytes; `cpu_percent` 100 is one core; `sleep_after_minutes` is
    None for never. What a contract says has defaults: none of it was agreed on before it could be written
    here.
    """

    price: Euros
    max_users: Count
    max_cases: Count
    max_analysis_monthly: Count
    max_requests_monthly: Limit
    max_requests_per_minute: Count
    max_api_keys: Limit
    llm_budget_monthly: EurosLimit
    ai_model: Name
    advanced_features: bool
    prediction_threshold: Annotated[float, Field(gt=0, le=1)]
    max_question_chars: Annotated[int, Field(ge=50, le=10_000)]
    max_upload_mb: Annotated[int, Field(ge=1, le=1_000)]
    max_storage_mb: Count
    threads: Annotated[int, Field(ge=4, le=64)]
    sleep_after_minutes: Annotated[
        Annotated[Decimal, Field(ge=Decimal("0.05"), le=10_000, allow_inf_nan=False)] | None,
        BeforeValidator(_read_euros),
        BeforeValidator(_read_limit),
        PlainSerializer(_write_limit),
    ]
    memory_mb: Annotated[int, Field(ge=256, le=1_000_000)]
    cpu_percent: Annotated[int, Field(ge=10, le=10_000)]
    tasks: Annotated[int, Field(ge=64, le=10_000)]
    overage: Literal["block", "bill"] = "block"
    overage_request_price: Euros = Decimal(0)
    overage_analysis_price: Euros = Decimal(0)
    monthly_report: bool = False
    commitment_months: Annotated[int, Field(ge=0, le=60)] = 0
    notice_days: Annotated[int, Field(ge=0, le=365)] = 0

    @property
    def price_cents(self) -> int:
        """The monthly price in cents, before tax."""
        return int(self.price * 100)


class Plan(Terms):
    """One plan as it is sold. `lasts_days` ends a trial; None means it goes on."""

    title: Line
    support_level: Line
    aliases: tuple[Name, ...] = ()
    lasts_days: Annotated[int, Field(ge=1, le=366)] | None = None


class Option(_Entry):
    """What is billed beside a plan: by the month, or by the lot of `lot_size`. Without `plans`, with any."""

    title: Line
    price: Euros
    per: Literal["month", "lot"]
    lot_size: Count = 1
    adds_api_keys: Annotated[int, Field(ge=0, le=1_000)] = 0
    plans: tuple[Name, ...] = ()


class ModelProfile(_Entry):
    """What an `ai_model` stands for; prices are per million tokens."""

    llm_model: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$")]
    retrieval_depth: Annotated[int, Field(ge=1, le=50)]
    context_tokens: Annotated[int, Field(ge=2_000, le=2_000_000)]
    price_in_per_million: PricePerMillion
    price_out_per_million: PricePerMillion
    prompt: Line


class SuggestedQuestion(_Entry):
    """A question offered on an empty chat page, in the interface's languages."""

    fr: Line
    en: Line


class Assistant(_Entry):
    """Who the assistant is, what it suggests, and its trade's words (term → synonyms)."""

    title: Line
    prompt: Line
    questions: tuple[SuggestedQuestion, ...]
    vocabulary: dict[Line, tuple[Line, ...]]


class Catalogue(_Entry):
    """All of plans.yaml; every reference inside it is known to resolve."""

    plans: Annotated[dict[Name, Plan], Field(min_length=1)]
    options: dict[Name, Option] = {}
    model_profiles: Annotated[dict[Name, ModelProfile], Field(min_length=1)]
    assistants: Annotated[dict[Name, Assistant], Field(min_length=1)]

    @model_validator(mode="after")
    def _references_resolve(self) -> Self:
        taken = set(self.plans)
        for name, plan in self.plans.items():
            if plan.ai_model not in self.model_profiles:
                raise ValueError(f"plans.{name}.ai_model: no model profile is named {plan.ai_model!r}")
            for alias in plan.aliases:
                if alias in taken:
                    raise ValueError(f"plans.{name}.aliases: {alias!r} already names a plan")
                taken.add(alias)
        for name, option in self.options.items():
            for plan_name in option.plans:
                if plan_name not in self.plans:
                    raise ValueError(f"options.{name}.plans: no plan is named {plan_name!r}")
        return self

    def plan_name(self, name: str) -> str:
        """Return the plan's own name for a name or an alias; raises InvalidRequest."""
        for own_name, plan in self.plans.items():
            if name == own_name or name in plan.aliases:
                return own_name
        raise _unknown("--plan", "plan", name, self.plans)

    def plan(self, name: str) -> Plan:
        """Return the plan of that name or alias; raises InvalidRequest."""
        return self.plans[self.plan_name(name)]

    def profile(self, name: str) -> ModelProfile:
        """Return a model profile; raises InvalidRequest."""
        if name not in self.model_profiles:
            raise _unknown("ai_model", "model profile", name, self.model_profiles)
        return self.model_profiles[name]

    def assistant(self, name: str) -> Assistant:
        """Return an assistant; raises InvalidRequest."""
        if name not in self.assistants:
            raise _unknown("--assistant", "assistant", name, self.assistants)
        return self.assistants[name]


def load_catalogue(path: Path) -> Catalogue:
    """Read plans.yaml; raises InvalidConfiguration naming the file and the path inside it."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 — a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfiguration(str(path), f"cannot be read: {error}.", "Restore the file.") from error
    except yaml.YAMLError as error:
        raise InvalidConfiguration(str(path), f"is not YAML: {error}.", "Correct that line.") from error
    return parse_catalogue(content, str(path))


def parse_catalogue(content: object, file: str = "plans.yaml") -> Catalogue:
    """Check what plans.yaml holds; raises InvalidConfiguration naming the first wrong path."""
    try:
        return Catalogue.model_validate(content)
    except ValidationError as error:
        where, reason = first_problem(error)
        place = f"{file}: {where}" if where else file
        raise InvalidConfiguration(place, f"{reason}.", "Correct it and run the command again.") from error


def first_problem(error: ValidationError) -> tuple[str, str]:
    """Return (path such as `plans.starter.max_users`, what is wrong there) of the first problem."""
    problem = error.errors(include_url=False, include_context=False)[0]
    path = ".".join(str(part) for part in problem["loc"] if part != "[key]")
    reason = "is not a known key" if problem["type"] == "extra_forbidden" else problem["msg"]
    return path, reason.removeprefix("Value error, ").rstrip(".")


def _unknown(field: str, kind: str, name: str, known: dict[str, Any]) -> InvalidRequest:
    return InvalidRequest(field, f"there is no {kind} named {name!r}.", f"Choose one of: {', '.join(known)}.")


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice instead of letting the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError(
                None, None, "a key is written twice in the same mapping", node.start_mark
            )
        return mapping
