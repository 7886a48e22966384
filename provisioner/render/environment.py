"""A tenant's `.env`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from pydantic import SecretStr

from provisioner.clock import stamp
from provisioner.host import HostSettings
from provisioner.legal_texts import LegalTexts, filled
from provisioner.quoting import markdown
from provisioner.render.templates import render
from provisioner.spec import TenantSecrets, TenantSpec


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the driver decides of a tenant's world: where its data is and how it reaches its servers.

    Without `openai_base_url` and `openai_api_key` answers are extracted locally. With `openai_socket` the
    provider is asked through that unix socket. With `sleeps` an idle instance may end: a request starts it.
    """

    data_dir: Path
    embedding_socket: Path
    openai_base_url: str = ""
    openai_api_key: SecretStr | None = None
    openai_socket: Path | None = None
    sleeps: bool = False
    legal: LegalTexts = field(default_factory=dict)


def environment(
    spec: TenantSpec, host: HostSettings, surroundings: Surroundings, secrets: TenantSecrets
) -> dict[str, str]:
    """Return the `.env` of a tenant: document 004's keys first and in its order, then ours.

    The texts include the tenant's secrets.
    """
    return {
        **_document_004(spec, surroundings, secrets),
        **_limits(spec, host, sleeps=surroundings.sleeps),
        **_assistant(spec),
        **_servers(spec, host, surroundings),
        "LEGAL_TEXTS": _legal(spec, host, surroundings.legal),
    }


def _document_004(spec: TenantSpec, surroundings: Surroundings, secrets: TenantSecrets) -> dict[str, str]:
    terms = spec.terms
    return {
        "CLIENT_ID": spec.id,
        "INSTANCE_NAME": spec.instance_name,
        "CLIENT_NAME": spec.name,
        "CLIENT_SIRET": spec.siret,
        "CLIENT_ADDRESS": spec.address,
        "CLIENT_PHONE": spec.phone,
        "CLIENT_EMAIL": spec.email,
        "CLIENT_LOGO": spec.logo,
        "CLIENT_COLOR": spec.color,
        "SUBSCRIPTION_PLAN": spec.plan,
        "MAX_USERS": str(terms.max_users),
        "MAX_CASES": str(terms.max_cases),
        "AI_MODEL": terms.ai_model,
        "PREDICTION_THRESHOLD": str(terms.prediction_threshold),
        "MAX_ANALYSIS_MONTHLY": str(terms.max_analysis_monthly),
        "ADVANCED_FEATURES": "true" if terms.advanced_features else "false",
        "DATA_DIR": str(surroundings.data_dir),
        "PORT": str(spec.port),
        "SECRET_KEY": secrets.secret_key.get_secret_value(),
        "OPERATOR_KEY": secrets.operator_key.get_secret_value(),
        "SECRET_KEY_BEFORE": secrets.former.key.get_secret_value() if secrets.former else "",
        "SECRET_KEY_BEFORE_UNTIL": stamp(secrets.former.until) if secrets.former else "",
    }


def _limits(spec: TenantSpec, host: HostSettings, *, sleeps: bool) -> dict[str, str]:
    terms = spec.terms
    return {
        "PUBLIC_URL": host.public_url(spec.hostname),
        "FURTHER_URLS": _json([host.public_url(domain) for domain in spec.domains]),
        "ALLOWED_ORIGINS": ",".join(spec.allowed_origins),
        "MAX_REQUESTS_MONTHLY": _limit(terms.max_requests_monthly),
        "MAX_REQUESTS_PER_MINUTE": str(terms.max_requests_per_minute),
        "MAX_API_KEYS": _limit(terms.max_api_keys),
        "LLM_BUDGET_MONTHLY": _limit(terms.llm_budget_monthly),
        "MAX_UPLOAD_MB": str(terms.max_upload_mb),
        "MAX_STORAGE_MB": str(terms.max_storage_mb),
        "MAX_QUESTION_CHARS": str(terms.max_question_chars),
        "THREADS": str(terms.threads),
        "SLEEP_AFTER_MINUTES": _limit(terms.sleep_after_minutes) if sleeps else "",
        "PRICE_CENTS": str(terms.price_cents),
        "OVERAGE_REQUEST_PRICE": str(terms.overage_request_price) if terms.overage == "bill" else "",
        "OVERAGE_ANALYSIS_PRICE": str(terms.overage_analysis_price) if terms.overage == "bill" else "",
        "PLAN_EXPIRES_ON": spec.expires_on.isoformat() if spec.expires_on else "",
        "SUPPORT_LEVEL": terms.support_level,
        "SUPPORT_CONTACT": host.vendor.email,
        "SENDS_MAIL": "true" if host.sends_mail else "false",
    }


def _assistant(spec: TenantSpec) -> dict[str, str]:
    assistant = spec.assistant
    return {
        "ASSISTANT": spec.assistant_name,
        "ASSISTANT_PROMPT": assistant.prompt,
        "ASSISTANT_QUESTIONS": _json([question.model_dump() for question in assistant.questions]),
        "ASSISTANT_VOCABULARY": _json(assistant.vocabulary),
    }


def _servers(spec: TenantSpec, host: HostSettings, surroundings: Surroundings) -> dict[str, str]:
    profile, prefixes = spec.profile, host.embedding_prefixes
    key = surroundings.openai_api_key
    return {
        "LLM_MODEL": profile.llm_model,
        "RETRIEVAL_DEPTH": str(profile.retrieval_depth),
        "LLM_CONTEXT_TOKENS": str(profile.context_tokens),
        "PROFILE_PROMPT": profile.prompt,
        "EMBEDDING_SOCKET": str(surroundings.embedding_socket),
        "EMBEDDING_MODEL": host.embedding_model,
        "EMBEDDING_PREFIXES": _json(prefixes.model_dump()) if prefixes else "",
        "RERANK_MODEL": host.rerank_model,
        "OPENAI_BASE_URL": surroundings.openai_base_url,
        "OPENAI_API_KEY": key.get_secret_value() if key else "",
        "OPENAI_SOCKET": str(surroundings.openai_socket or ""),
        "LLM_TIMEOUT_SECONDS": str(host.llm_timeout_seconds),
        "LLM_PRICE_IN_PER_MILLION": str(profile.price_in_per_million),
        "LLM_PRICE_OUT_PER_MILLION": str(profile.price_out_per_million),
        "LANGUAGE_DEFAULT": host.language_default,
    }


def _legal(spec: TenantSpec, host: HostSettings, texts: LegalTexts) -> str:
    """The texts in this client's name. A `$` is written as JSON may: `${` is what some readers expand."""
    words = {name: str(markdown(value)) for name, value in _words(spec, host).items()}
    own = {
        page: {language: filled(text, words) for language, text in languages.items()}
        for page, languages in texts.items()
    }
    return _json(own).replace("$", "\\u0024")


def _words(spec: TenantSpec, host: HostSettings) -> dict[str, str]:
    vendor = host.vendor
    return {
        "client": spec.name,
        "client_siret": spec.siret,
        "client_address": spec.address,
        "client_email": spec.email,
        "address": host.public_url(spec.domains[0] if spec.domains else spec.hostname),
        "vendor": vendor.name,
        "vendor_form": vendor.legal_form,
        "vendor_address": vendor.address,
        "vendor_siret": vendor.siret,
        "vendor_email": vendor.email,
        "vendor_phone": vendor.phone,
        "vendor_rcs": vendor.rcs,
    }


def _limit(value: int | Decimal | None) -> str:
    return "" if value is None else str(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def env_text(values: Mapping[str, str]) -> str:
    """Return the text of a `.env` file with these keys in this order."""
    return render("templates/env.j2", environment=values)
