"""``python -m tenant_app admin``: the operator's table while the instance is stopped."""

import json
from typing import Any, TextIO

from tenant_app import data_directory
from tenant_app.clock import SystemClock
from tenant_app.data_directory import DataDirectoryInUse
from tenant_app.errors import TenantAppError
from tenant_app.operations import perform
from tenant_app.schema_revision import DatabaseLost, require_not_lost
from tenant_app.services import build_services
from tenant_app.settings import Settings


def administer(name: str, settings: Settings, source: TextIO, answer: TextIO) -> int:
    """Run one operation: a JSON object from ``source``, one to ``answer``; return the exit status.

    An error is ``{"error": {"code", "message"}}`` and status 1.
    """
    try:
        result, status = _perform(name, settings, _read(source)), 0
    except TenantAppError as error:
        result, status = _error(error.code, _explain(error)), 1
    except DataDirectoryInUse as error:
        result, status = _error("in-use", str(error)), 1
    except DatabaseLost as error:
        result, status = _error("database-lost", str(error)), 1
    except (OSError, ValueError) as error:
        result, status = _error("failed", str(error)), 1
    json.dump(result, answer, ensure_ascii=False)
    answer.write("\n")
    return status


def _perform(name: str, settings: Settings, payload: dict[str, Any]) -> dict[str, Any]:
    data_directory.prepare(settings.data_dir)
    data_directory.hold(settings.data_dir)
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
