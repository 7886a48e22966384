"""`ingest`: give documents to a client's running instance and wait until each is indexed or refused."""

from __future__ import annotations

import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provisioner.operator_client import InstanceRefused, OperatorClient
from provisioner.service.context import Context
from provisioner.service.operations import client_of
from provisioner.service.sources import Source, sources_of

_PAUSE: Final = 0.2
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
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
    context: Context,
    tenant_id: str,
    paths: Sequence[Path],
    *,
    begin: Callable[[int], None],
    progress: Callable[[Outcome], None],
) -> list[Outcome]:
    """Upload files, and those in folders and archives, and return what became of each, in the order given.

    `begin` is called with their number, `progress` once per file, when it is settled. The same content again
    is not taken twice, so an interrupted ingest is simply run again. Operator uploads count against no quota.
    Raises InvalidRequest before anything is sent when a path does not exist or nothing is in it.
    """
    with ExitStack() as archives:
        sources = sources_of(paths, archives)
        begin(len(sources))
        client = client_of(context, context.registry.get(tenant_id))
        outcomes = [_upload(client, source) for source in sources]
    for place, outcome in enumerate(outcomes):
        outcomes[place] = _settled(client, outcome)
        progress(outcomes[place])
    return outcomes


def _upload(client: OperatorClient, source: Source) -> Outcome:
    if source.open is None:
        return Outcome(source.shown, "refused", error=source.refused)
    try:
        with source.open() as stream:
            return _outcome(source.shown, client.upload(source.name, stream, source.folder))
    except InstanceRefused as error:
        return Outcome(source.shown, "refused", error=error.message)
    except OSError as error:
        return Outcome(source.shown, "refused", error=f"It cannot be read: {error.strerror}.")
    except _DAMAGED as error:
        return Outcome(source.shown, "refused", error=f"The archive is damaged here: {error}.")


def _settled(client: OperatorClient, outcome: Outcome) -> Outcome:
    """Wait for the instance's background work on one document; it goes on through restarts."""
    while outcome.status not in _SETTLED and outcome.id is not None:
        outcome = _outcome(outcome.file, client.document(outcome.id))
        if outcome.status not in _SETTLED:
            time.sleep(_PAUSE)
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
