"""From what the operator asked to what shall be: `TenantRequest` → `TenantSpec`, pure and refusing.

The request is what the registry keeps, so that a changed plans.yaml or host reaches the tenant at the
next `apply`. The specification is derived from it each time, and every value in it has been judged.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from provisioner import fields
from provisioner.allowed_origins import parse_allowed_origins
from provisioner.errors import InvalidRequest
from provisioner.host import HostSettings
from provisioner.invoicing.agreements import BilledOption
from provisioner.invoicing.amounts import cents
from provisioner.naming import TenantId, hostname, instance_name, parse_tenant_id, system_user
from provisioner.plans import Assistant, Catalogue, ModelProfile, Plan, Terms, first_problem

LONGEST_TRIAL: Final = 366
"""Days."""
DEFAULT_COLOUR: Final = "#2c3e50"
_NOBODYS_DOMAINS: Final = frozenset({"localhost", "invalid", "onion"})
_SETTING_VALUE: Final = re.compile(r"[a-z0-9][a-z0-9.-]*")

#: What `provision set` may change beside the plan's terms: how the client is named, reached and shown.
IDENTITY_FIELDS: Final = frozenset(
    {
        "name", "siret", "address", "phone", "email", "logo", "color", "assistant", "admin_email",
        "allowed_origins",
    }
)  # fmt: skip


_FREE: Final = {"price": Decimal(0), "overage": "block", "commitment_months": 0, "notice_days": 0}
"""What nobody owes or is bound by who only tries."""


class AskedOption(BaseModel):
    """A monthly option as it was asked for; one that is not in plans.yaml has its own name and price."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quantity: Annotated[int, Field(ge=1, le=1_000)] = 1
    title: str | None = None
    price: Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2, allow_inf_nan=False)] | None = None


class TenantRequest(BaseModel):
    """What the operator typed, unjudged, with the day it was asked (UTC; a trial counts from it).

    With `trial_days` the client tries its plan for so long, free of charge, whatever plan it is. `overrides`
    holds `--set` values as typed, keyed by the plan's own lower-case keys. `allowed_origins` names other
    sites whose pages may read the client's API, with commas between.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    plan: str
    started_on: date
    name: str | None = None
    siret: str | None = None
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    logo: str | None = None
    color: str | None = None
    assistant: str | None = None
    admin_email: str | None = None
    allowed_origins: str | None = None
    trial_days: Annotated[int, Field(ge=1, le=LONGEST_TRIAL)] | None = None
    domains: tuple[str, ...] = ()
    overrides: dict[str, str] = {}
    options: dict[str, AskedOption] = {}

    def with_settings(self, settings: Mapping[str, str]) -> Self:
        """Return this request with `provision set` values; an empty value goes back to the default.

        Raises InvalidRequest for a key that is neither part of the identity nor a term of a plan.
        """
        identity: dict[str, str | None] = {}
        overrides = dict(self.overrides)
        for key, value in settings.items():
            if key in IDENTITY_FIELDS:
                identity[key] = value or None
            elif key not in Terms.model_fields:
                raise _unknown_setting(key)
            elif value:
                overrides[key] = value
            else:
                overrides.pop(key, None)
        return self.model_copy(update={**identity, "overrides": overrides})


@dataclass(frozen=True, slots=True)
class TenantSpec:
    """One tenant as it shall be. Texts are judged single lines, "" where the client gave none.

    `terms` is the plan with this tenant's own figures in place. `expires_on` is a trial's last day.
    """

    id: TenantId
    name: str
    siret: str
    address: str
    phone: str
    email: str
    logo: str
    color: str
    plan: str
    terms: Plan
    profile: ModelProfile
    assistant_name: str
    assistant: Assistant
    port: int
    hostname: str
    domains: tuple[str, ...]
    system_user: str
    admin_email: str
    allowed_origins: tuple[str, ...]
    expires_on: date | None
    options: tuple[BilledOption, ...] = ()

    @property
    def instance_name(self) -> str:
        """Document 004's INSTANCE_NAME."""
        return instance_name(self.id)

    @property
    def server_names(self) -> tuple[str, ...]:
        """Every host name the tenant answers on, its own first."""
        return (self.hostname, *self.domains)


@dataclass(frozen=True, slots=True)
class FormerKey:
    """A signing key that was replaced; what it signed is read until a moment, in UTC."""

    key: SecretStr
    until: datetime


@dataclass(frozen=True, slots=True)
class TenantSecrets:
    """The keys of a tenant that stay in its `.env`: its own tokens' and cookies', and the operator's."""

    secret_key: SecretStr
    operator_key: SecretStr
    former: FormerKey | None = None


def parse_settings(pairs: Iterable[str]) -> dict[str, str]:
    """Read `KEY=VALUE` words; keys may be written as in plans.yaml or as in the `.env` (MAX_CASES)."""
    settings: dict[str, str] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            raise InvalidRequest(
                "KEY=VALUE", f"{pair!r} does not name a key before an '='.", "Write it as max_cases=5000."
            )
        key = key.lower() if key.isupper() else key
        if key in settings:
            raise InvalidRequest(key, "it is given twice.", "Give it once.")
        settings[key] = value
    return settings


def build_spec(request: TenantRequest, catalogue: Catalogue, host: HostSettings, port: int) -> TenantSpec:
    """Judge a request and return the tenant as it shall be.

    Raises InvalidRequest naming the first field that does not fit and the rule it breaks.
    """
    tenant = parse_tenant_id(request.id)
    _check_identity(request)
    _check_domains(request.domains, host.base_domain)
    if not 1024 <= port <= 65535:
        raise InvalidRequest("--port", f"{port} is not a port from 1024 to 65535.", "Choose one in between.")
    plan = catalogue.plan_name(request.plan)
    options = tuple(_option(code, one, catalogue, plan) for code, one in request.options.items())
    terms = _with_keys(_terms(catalogue.plans[plan], request.overrides), request.options, catalogue)
    if request.trial_days:
        terms = terms.model_copy(update=_FREE)
    assistant_name = request.assistant or next(iter(catalogue.assistants))
    own_host = hostname(tenant, host.base_domain)
    return TenantSpec(
        id=tenant,
        name=request.name or tenant,
        siret=request.siret or "",
        address=request.address or "",
        phone=request.phone or "",
        email=request.email or "",
        logo=request.logo or "",
        color=request.color or DEFAULT_COLOUR,
        plan=plan,
        terms=terms,
        profile=catalogue.profile(terms.ai_model),
        assistant_name=assistant_name,
        assistant=catalogue.assistant(assistant_name),
        port=port,
        hostname=own_host,
        domains=request.domains,
        system_user=system_user(tenant),
        admin_email=request.admin_email or request.email or f"admin@{own_host}",
        allowed_origins=parse_allowed_origins(request.allowed_origins or ""),
        expires_on=_last_day(request.started_on, request.trial_days or terms.lasts_days),
        options=options,
    )


def _check_identity(request: TenantRequest) -> None:
    for field, longest in (("name", 120), ("address", 300)):
        text = getattr(request, field)
        if text is not None:
            fields.check_line(f"--{field}", text, longest)
    checks = {
        "siret": fields.check_siret,
        "phone": fields.check_phone,
        "email": fields.check_email,
        "admin_email": fields.check_email,
        "logo": fields.check_logo,
        "color": fields.check_colour,
    }
    for field, check in checks.items():
        text = getattr(request, field)
        if text is not None:
            check(f"--{field.replace('_', '-')}", text)


def _check_domains(domains: tuple[str, ...], base_domain: str) -> None:
    """A client's own domain never lies under the base domain: those names belong to other tenants."""
    if len(set(domains)) != len(domains):
        raise InvalidRequest("--domain", "the same domain is given twice.", "Give it once.")
    for domain in domains:
        fields.check_host_name("--domain", domain)
        if domain.rpartition(".")[2] in _NOBODYS_DOMAINS:
            raise InvalidRequest(
                "--domain",
                f"{domain!r} lies under a name that is reserved (RFC 6761) and can be nobody's own.",
                "Give a name of the client's own domain, for example assistant.cabinet-dupont.fr.",
            )
        if "." not in domain or domain == base_domain or domain.endswith(f".{base_domain}"):
            raise InvalidRequest(
                "--domain",
                f"{domain!r} is not a domain of the client's own: it is a single word or lies under "
                f"{base_domain}.",
                "Give a full name outside the base domain, for example assistant.cabinet-dupont.fr.",
            )


def _terms(plan: Plan, overrides: Mapping[str, str]) -> Plan:
    """Return the plan with one tenant's own figures, each judged like the same key of plans.yaml."""
    values: dict[str, Any] = plan.model_dump()
    for key, value in overrides.items():
        if key not in Terms.model_fields:
            raise _unknown_setting(key)
        if not _SETTING_VALUE.fullmatch(value):
            raise InvalidRequest(
                key, f"{value!r} is no figure, word or truth value.", "Write max_cases=5000."
            )
        values[key] = value
    try:
        return Plan.model_validate(values)
    except ValidationError as error:
        key, reason = first_problem(error)
        raise InvalidRequest(
            key, f"{overrides.get(key)!r} is refused: {reason}.", "Write it as in plans.yaml."
        ) from error


def _option(code: str, asked: AskedOption, catalogue: Catalogue, plan: str) -> BilledOption:
    """Return a monthly option with its price; raises InvalidRequest for one that this plan cannot have."""
    known = catalogue.options.get(code)
    if known is None or known.per != "month":
        if asked.title is None or asked.price is None or known:
            raise InvalidRequest(
                "OPTION",
                f"{code!r} is no option of plans.yaml that is paid by the month.",
                f"Those are: {', '.join(_monthly(catalogue))}. One agreed on with this client alone needs "
                "--title and --price.",
            )
        fields.check_line("--title", asked.title, 120)
        return BilledOption(
            code=code, title=asked.title, price_cents=cents(asked.price), quantity=asked.quantity
        )
    if known.plans and plan not in known.plans:
        raise InvalidRequest(
            "OPTION", f"{code} is not for the plan {plan}.", f"It is for: {', '.join(known.plans)}."
        )
    price = known.price if asked.price is None else asked.price
    return BilledOption(code=code, title=known.title, price_cents=cents(price), quantity=asked.quantity)


def _monthly(catalogue: Catalogue) -> list[str]:
    return [code for code, option in catalogue.options.items() if option.per == "month"]


def _with_keys(terms: Plan, options: Mapping[str, AskedOption], catalogue: Catalogue) -> Plan:
    """Return the terms with the API keys that options add; nobody pays for more of what is unlimited."""
    known = ((catalogue.options.get(code), one.quantity) for code, one in options.items())
    more = sum(option.adds_api_keys * quantity for option, quantity in known if option)
    if not more:
        return terms
    if terms.max_api_keys is None:
        raise InvalidRequest(
            "OPTION",
            "an option adds API keys, of which this client may have any number.",
            "`provision option remove` takes it off the bill; then run this command again.",
        )
    return terms.model_copy(update={"max_api_keys": terms.max_api_keys + more})


def _unknown_setting(key: str) -> InvalidRequest:
    known = ", ".join(sorted(IDENTITY_FIELDS | Terms.model_fields.keys()))
    return InvalidRequest(key, "it cannot be set for one client.", f"These can: {known}.")


def _last_day(started_on: date, lasts_days: int | None) -> date | None:
    return None if lasts_days is None else started_on + timedelta(days=lasts_days)
