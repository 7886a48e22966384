"""How often the product says "not in your documents": when it should, and when it should not.

Each set's documents go into a tenant of their own; then every tenant is asked every set's questions through
``/api/chat``, without a language model. Asked of its own set, a question counts when a passage that answers
it is among those found; asked of another set's tenant, it must be refused. Only the questions of odd number
are asked: those of even number were used to choose the figures of ``tenant_app/assistant/relevance.py``.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.hosts import Host, running_host
from benchmarks.question_sets import QuestionSet, SetQuestion, find_sets, read_set
from benchmarks.report import table

_CLONE = Path(__file__).resolve().parent.parent
_FOLDERS = (_CLONE / "benchmarks" / "data", _CLONE.parent / "shared" / "eval")
_MOST_QUESTIONS = 100
"""Of each set: more say little more and take long."""
_DEPTH = 8
_REFUSED = 0.80
_ANSWERED = 0.90


def run() -> None:
    """Ask every set of every library and print the shares."""
    chosen = os.environ.get("TENANTRY_EVAL")
    folders = (_FOLDERS[0], Path(chosen)) if chosen else _FOLDERS
    sets = [read_set(path) for path in find_sets(list(folders))]
    rows = []
    with running_host() as host:
        for number, library in enumerate(sets):
            tenant = f"library-{number}"
            key = _tenant_with(host, tenant, library)
            with host.client(tenant) as client:
                client.headers["X-API-Key"] = key
                rows += [_row(client, library, questions) for questions in sets]
    table(["library", "questions", "asked", "answered", "refused", "target"], rows)


def _tenant_with(host: Host, tenant: str, library: QuestionSet) -> str:
    limits = ("--set", "max_requests_per_minute=100000", "--set", "max_question_chars=5000")
    created = host.provision("new", tenant, "--plan", "enterprise", "--name", tenant, *limits)
    with tempfile.TemporaryDirectory(prefix="tenantry-bench-set-") as folder:
        for content, name in {document.markdown: document.id for document in library.documents}.items():
            (Path(folder) / f"{name}.md").write_text(content, encoding="utf-8")
        host.provision("ingest", tenant, folder)
    return str(created["api_key"])


def _row(client: httpx.Client, library: QuestionSet, questions: QuestionSet) -> list[str]:
    asked = questions.questions[1::2][:_MOST_QUESTIONS]
    own = library is questions
    if own:
        asked = tuple(question for question in asked if _is_found(client, question))
    answered = sum(bool(_post(client, "/api/chat", {"question": one.text})["found"]) for one in asked)
    share = answered / len(asked) if asked else 0.0
    met = share >= _ANSWERED if own else 1 - share >= _REFUSED
    target = f"answered ≥ {_ANSWERED:.0%}" if own else f"refused ≥ {_REFUSED:.0%}"
    figures = [str(len(asked)), f"{share:.1%}", f"{1 - share:.1%}"]
    return [library.name, questions.name, *figures, f"{target}: {'met' if met else 'MISSED'}"]


def _is_found(client: httpx.Client, question: SetQuestion) -> bool:
    results = _post(client, "/api/search", {"query": question.text, "top_k": _DEPTH})["results"]
    return any(result["document"].removesuffix(".md") in question.relevant for result in results)


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    while True:
        answer = client.post(path, json=body)
        if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            answer.raise_for_status()
            return answer.json()
        time.sleep(int(answer.headers["Retry-After"]))
