"""Answers what the dashboard may not read itself: a client's packages, which only the operator can open."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any, Final

from provisioner.actions.requests import Arguments, PackageFile
from provisioner.clock import stamp
from provisioner.service import packages
from provisioner.service.context import Context

_PIECE: Final = 48 * 1024
"""Bytes of a file in one line."""


def answer(
    context: Context, client: str, arguments: Arguments, tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Answer one question. A file is told in pieces, ``{"content": base64}``, then its size and SHA-256."""
    if isinstance(arguments, PackageFile):
        content = packages.hand_out(context, client, arguments.file)
        for start in range(0, len(content), _PIECE):
            tell({"content": base64.b64encode(content[start : start + _PIECE]).decode()})
        return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return {"packages": [_row(one) for one in packages.standings(context, client)]}


def _row(standing: packages.Standing) -> dict[str, Any]:
    package = standing.package
    return {
        "file": package.record.file,
        "made_at": stamp(package.record.made_at),
        "size": package.size,
        "key_name": package.record.key_name,
        "key_hint": package.record.key_hint,
        "opens": standing.opens,
    }
