"""Tenants that each hold one set's documents, made once for all the benchmarks of a run.

The sets are those of a folder (``--eval``, else ``$TENANTRY_EVAL``, else ``../shared/eval``) and the English
one kept here. Documents go in through a served tenant's own ingest.
"""

from __future__ import annotations

import atexit
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from benchmarks.hosts import Host, running_host
from benchmarks.question_sets import QuestionSet, find_sets, read_set

_CLONE = Path(__file__).resolve().parent.parent
_OWN_SETS = _CLONE / "benchmarks" / "data"
_DEFAULT_FOLDER = _CLONE.parent / "shared" / "eval"
_LIMITS = ("--set", "max_requests_per_minute=100000", "--set", "max_question_chars=5000")
_TRIES = 5
"""On a machine with other work, a question's vector may come too late once."""

_running = ExitStack()
atexit.register(_running.close)


@dataclass(frozen=True)
class Library:
    """A served tenant that holds the documents of a set.

    ``stored`` are the ids of the set's documents by file name: a content is kept once, as one file.
    """

    host: Host
    tenant: str
    key: str
    questions: QuestionSet
    stored: Mapping[str, Sequence[str]]

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """An HTTP client that reaches the tenant through nginx with its API key."""
        with self.host.client(self.tenant) as client:
            client.headers["X-API-Key"] = self.key
            yield client


def libraries() -> list[Library]:
    """Return a library of every set there is."""
    return [library(path) for path in set_folders()]


def set_folders() -> list[Path]:
    """Return the folders of all sets there are."""
    return find_sets([_OWN_SETS, _evaluation_folder()])


def library_of(name: str) -> Library:
    """Return the library of the set of this name in the folder of sets."""
    return library(_evaluation_folder() / name)


@cache
def library(path: Path) -> Library:
    """Return the library of the set in a folder. Raises what ``read_set`` raises."""
    questions = read_set(path)
    tenant = questions.name.replace("_", "-")
    host = _host()
    created = host.provision("new", tenant, "--plan", "enterprise", "--name", questions.name, *_LIMITS)
    return Library(host, tenant, str(created["api_key"]), questions, _ingest(host, tenant, questions))


def search(client: httpx.Client, question: str, most: int) -> list[dict[str, Any]]:
    """Return the results of ``/api/search``, by words and vectors.

    Raises RuntimeError when the vector of the question never comes: this would measure full text alone.
    """
    for _ in range(_TRIES):
        answer = post(client, "/api/search", {"query": question, "top_k": most})
        if not answer["degraded"]:
            results: list[dict[str, Any]] = answer["results"]
            return results
    raise RuntimeError("the embedding server did not answer a question in time")


def post(client: httpx.Client, path: str, body: Mapping[str, Any]) -> Any:
    """Return what is answered, however often it has to be asked."""
    while True:
        answer = client.post(path, json=body)
        if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            answer.raise_for_status()
            return answer.json()
        time.sleep(int(answer.headers["Retry-After"]))


@cache
def _host() -> Host:
    return _running.enter_context(running_host())


def _evaluation_folder() -> Path:
    return Path(os.environ.get("TENANTRY_EVAL") or _DEFAULT_FOLDER)


def _ingest(host: Host, tenant: str, questions: QuestionSet) -> dict[str, list[str]]:
    by_content: dict[str, list[str]] = {}
    for document in questions.documents:
        by_content.setdefault(document.markdown, []).append(document.id)
    with tempfile.TemporaryDirectory(prefix="tenantry-bench-set-") as folder:
        for content, ids in by_content.items():
            (Path(folder) / f"{ids[0]}.md").write_text(content, encoding="utf-8")
        host.provision("ingest", tenant, folder)
    return {f"{ids[0]}.md": ids for ids in by_content.values()}
