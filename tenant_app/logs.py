"""Structured logs: one JSON object per line on standard output, without secrets nor what people ask."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

FORBIDDEN_KEYS = frozenset(
    {
        "password",
        "token",
        "secret",
        "authorization",
        "cookie",
        "api_key",
        "question",
        "query",
        "answer",
        "key",
    }
)


class SecretInLog(ValueError):
    """A log call names a field that must never be logged; this is a mistake in the program."""


def configure_logs(client_id: str) -> None:
    """Send this process's logs, the standard library's too, to standard output as JSON lines."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        refuse_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _add_client(client_id),
                # Locals are left out: they may hold a password or a question.
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # Both log every request with its URL; the access log here says what is wanted.
    for chatty in ("httpx", "werkzeug"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def refuse_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Raise SecretInLog when a field is named like something that must not be logged."""
    if named := FORBIDDEN_KEYS.intersection(event):
        raise SecretInLog(f"log fields {sorted(named)} must never be logged")
    return event


def _add_client(client_id: str) -> Processor:
    def add(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {"client_id": client_id, **event}

    return add
