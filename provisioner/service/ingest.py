"""`ingest`: give documents to a client's running instance and wait until each is indexed or refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provisioner.errors import InvalidRequest
from provisioner.operator_client import InstanceRefused, OperatorClient
from provisioner.service.context import Context
from provisioner.service.operations import client_of

_PAUSE: Final = 0.2
_SETTLED: Final = frozenset({"indexed", "failed", "refused"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. `status` is `indexed`, `failed` (while parsing) or `refused` (at once)."""

    file: str
    status: str
    id: int | None = None
    pages: int | None = None
    chunks: int | None = None
    error: str = ""


def ingest(
    context: Context, tenant_id: str, paths: Iterable[Path], progress: Callable[[Outcome], None]
) -> list[Outcome]:
    """Upload files, and the files in folders, and return what became of each, in the order given.

    `progress` is called once per file, when it is settled. Operator uploads count against no quota.
    Raises InvalidRequest before anything is sent when a path does not exist or nothing is in it.
    """
    files = _files(paths)
    client = client_of(context, context.registry.get(tenant_id))
    outcomes = [_upload(client, file) for file in files]
    for place, outcome in enumerate(outcomes):
        outcomes[place] = _settled(client, outcome)
        progress(outcomes[place])
    return outcomes


def count(paths: Iterable[Path]) -> int:
    """Return how many files would be sent; raises InvalidRequest like `ingest`."""
    return len(_files(paths))


def _files(paths: Iterable[Path]) -> Sequence[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found.extend(sorted(file for file in path.rglob("*") if file.is_file() and _visible(file, path)))
        elif path.is_file():
            found.append(path)
        else:
            raise InvalidRequest("PATH", f"{path} is neither a file nor a folder.", "Check the path.")
    if not found:
        raise InvalidRequest("PATH", "there is no file in it.", "Give files, or folders that hold some.")
    return found


def _visible(file: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in file.relative_to(folder).parts)


def _upload(client: OperatorClient, file: Path) -> Outcome:
    try:
        return _outcome(str(file), client.upload(file))
    except InstanceRefused as error:
        return Outcome(str(file), "refused", error=error.message)
    except OSError as error:
        return Outcome(str(file), "refused", error=f"It cannot be read: {error.strerror}.")


def _settled(client: OperatorClient, outcome: Outcome) -> Outcome:
    """Wait for the instance's background work on one document; it goes on through restarts."""
    while outcome.status not in _SETTLED and outcome.id is not None:
        time.sleep(_PAUSE)
        outcome = _outcome(outcome.file, client.document(outcome.id))
    return outcome


def _outcome(file: str, document: dict[str, Any]) -> Outcome:
    error = document.get("error") or {}
    return Outcome(
        file=file,
        status=str(document["status"]),
        id=int(document["id"]),
        pages=document.get("pages"),
        chunks=document.get("chunks"),
        error=str(error.get("message", "")),
    )
