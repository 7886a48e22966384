"""The environment handed to this program's own child processes: what Python needs, and nothing secret."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_CODE: Final = Path(__file__).resolve().parent.parent
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "TZ", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
"""Coverage's two names are set by a test run only: they make the children's lines count."""


def child_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment in which ``python -m tenant_app…`` finds this very code from any directory."""
    passed_on = {name: environ[name] for name in _PASSED_ON if name in environ}
    return passed_on | {"PYTHONPATH": str(_CODE), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
