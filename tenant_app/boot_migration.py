"""Brings an older database up to date before the instance serves: who upgrades need not think of it.

A child process does it, so that neither SQLAlchemy nor Alembic stays in the memory of gunicorn's master.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gunicorn.systemd import sd_notify

from tenant_app.child_processes import child_environment
from tenant_app.schema_revision import SchemaOutOfDate, newest_revision, revision_of

_SETTINGS: Final = ("CREDENTIALS_DIRECTORY", "TENANT_ENV_FILE")
_SECONDS: Final = 3600
_LOG: Final = logging.getLogger(__name__)


def bring_up_to_date(database: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Migrate a database an older version has left; one that is current, newer or missing is left alone.

    Raises SchemaOutOfDate, with the reason, when it cannot be done: the database is then as it was.
    """
    found = revision_of(database) if database.is_file() else None
    if found is None or found >= newest_revision():
        return
    # systemd would take the start for hung long before a large database is through.
    sd_notify(f"EXTEND_TIMEOUT_USEC={_SECONDS * 1_000_000}\nSTATUS=Migrating the database", _LOG)
    finished = subprocess.run(
        [sys.executable, "-m", "tenant_app", "admin", "migrate"],
        input="{}",
        env=child_environment() | {name: environ[name] for name in _SETTINGS if name in environ},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if finished.returncode != 0:
        raise SchemaOutOfDate(f"database {database} could not be migrated from {found}: {_reason(finished)}")


def _reason(finished: subprocess.CompletedProcess[str]) -> str:
    try:
        return str(json.loads(finished.stdout)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        last = finished.stderr.strip().splitlines()[-1:]
        return last[0] if last else f"it ended with status {finished.returncode}"
