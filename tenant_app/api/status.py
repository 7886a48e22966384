"""How the instance is, for the operator: each part it leans on, and what it is busy with."""

import socket
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.exc import SQLAlchemyError

from tenant_app.services import Services

Health = Literal["ok", "degraded", "down"]
_EMBEDDINGS_SECONDS = 1


def status_of(services: Services) -> dict[str, Any]:
    """Return ``{health, checks, active_streams, running_jobs, model_change}``.

    Without its database the instance is ``down``; without the embedding server it is ``degraded``: search
    goes on with the full text alone.
    """
    database = _database_answers(services)
    embeddings = _accepts_connections(services.settings.embedding_socket)
    health: Health = "down" if not database else "ok" if embeddings else "degraded"
    return {
        "health": health,
        "checks": {
            "database": "ok" if database else "down",
            "embeddings": "ok" if embeddings else "down",
            "index": services.index.state,
        },
        "active_streams": services.streams.active,
        "running_jobs": services.library.pending() if database else 0,
        "model_change": _model_change(services) if database else None,
    }


def _model_change(services: Services) -> dict[str, Any] | None:
    progress = services.model_change.progress()
    return None if progress is None else asdict(progress)


def _database_answers(services: Services) -> bool:
    try:
        services.database.ping()
    except SQLAlchemyError:
        return False
    return True


def _accepts_connections(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_EMBEDDINGS_SECONDS)
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True
