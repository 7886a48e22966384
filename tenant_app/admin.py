"""``python -m tenant_app admin``: the operator's table while the instance is stopped."""

import json
from typing import Any, Final, TextIO

from flask import Flask
from flask_babel import Babel
from sqlalchemy.exc import DBAPIError

from tenant_app import data_directory
from tenant_app.clock import SystemClock
from tenant_app.data_directory import DataDirectoryInUse
from tenant_app.errors import TenantAppError
from tenant_app.operations import perform
from tenant_app.schema_revision import DatabaseLost, require_not_lost
from tenant_app.services import build_services
from tenant_app.settings import Settings
from tenant_app.web.language import TRANSLATIONS

LANGUAGE: Final = "en"
"""The operator's, as on the command line; a running instance is asked in it."""


def administer(name: str, settings: Settings, source: TextIO, answer: TextIO) -> int:
    """Run one operation: a JSON object from ``source``, one to ``answer``; return the exit status.

    An error is ``{"error": {"code", "message"}}``, in English, and status 1.
    """
    with _speaking().app_context():
        result, status = _answer(name, settings, source)
    json.dump(result, answer, ensure_ascii=False)
    answer.write("\n")
    return status


def _speaking() -> Flask:
    """Return an application that serves nothing: messages are translated within one."""
    app = Flask("tenant_app", static_folder=None, template_folder=None)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, default_locale=LANGUAGE, configure_jinja=False)
    return app


def _answer(name: str, settings: Settings, source: TextIO) -> tuple[dict[str, Any], int]:
    try:
        return _perform(name, settings, _read(source)), 0
    except TenantAppError as error:
        return _error(error.code, _explain(error)), 1
    except DataDirectoryInUse as error:
        return _error("in-use", str(error)), 1
    except DatabaseLost as error:
        return _error("database-lost", str(error)), 1
    except DBAPIError as error:
        return _error("database-failed", str(error.orig)), 1
    except (OSError, ValueError) as error:
        return _error("failed", str(error)), 1


def _perform(name: str, settings: Settings, payload: dict[str, Any]) -> dict[str, Any]:
    data_directory.prepare(settings.data_dir)
    data_directory.hold(settings.data_dir)
    data_directory.clear_leftovers(settings.data_dir)
    require_not_lost(
        settings.data_dir / data_directory.DATABASE, settings.data_dir / data_directory.ORIGINALS
    )
    services = build_services(settings, SystemClock())
    try:
        return perform(name, services, payload, running=False)
    finally:
        services.close()


def _read(source: TextIO) -> dict[str, Any]:
    text = source.read()
    payload = json.loads(text) if text.strip() else {}
    if not isinstance(payload, dict):
        raise ValueError("standard input must hold one JSON object")
    return payload


def _explain(error: TenantAppError) -> str:
    fields = "".join(f" [{field.field}: {field.message}]" for field in error.fields)
    return f"{error}{fields}"


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
