"""How fast documents become findable: passages a second beside the bare model, and a long PDF by its words.

The bare model encodes the very texts the product asked vectors for, in a process of its own.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from dotenv import dotenv_values
from pydantic import SecretStr

from benchmarks.hosts import Host, running_host, wait_until_up
from benchmarks.report import against_target, at_least, table
from embedding_server.models import bundled_model_folder
from provisioner.clock import SystemClock
from provisioner.operator_client import OperatorClient
from tenant_app.exporting.blocks import Paragraph, Sheet
from tenant_app.exporting.pdf import as_pdf
from tenant_app.library.embedding_queue import words_to_embed

_TENANT = "bench"
_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
_DOCUMENTS = 8
_PARAGRAPHS = 60
_PDF_PARAGRAPHS = 430
_FEWEST_PAGES = 100
_LAST_WORDS = "L'annexe Zéphyrine clôt ce recueil."
_SHARE_TARGET = 0.9
_FINDABLE_TARGET_SECONDS = 3.0
_PATIENCE_SECONDS = 600.0
_RAW = """
import json, sys, time
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu")
texts = json.load(sys.stdin)
model.encode(texts[:32])
started = time.perf_counter()
model.encode(texts, normalize_embeddings=True)
print(len(texts) / (time.perf_counter() - started))
"""


def run() -> None:
    """Time a tenant behind nginx with its embedding server, then the model alone."""
    sentences = _sentences()
    with running_host() as host:
        created = host.provision(
            "new", _TENANT, "--plan", "professional", "--name", "Cabinet Mesure",
            "--set", "MAX_REQUESTS_PER_MINUTE=100000",
        )  # fmt: skip
        with host.client(_TENANT) as client:
            client.headers["X-API-Key"] = created["api_key"]
            wait_until_up(client, "/readyz")
            _take_in(client, {"chauffe.md": "# Mise en route\n\nUn premier document."})
            # Not timed: the loading of the model, here as of the bare one, and the opening of the index.
            _wait_until(lambda: _rows(host, "SELECT 1 FROM chunks WHERE embedding IS NULL") == [])
            _wait_until(lambda: _index_state(host, created["port"]) == "ready")
            elapsed = _take_in(client, _texts(sentences))
            texts = _embedded_texts(host)
            pages, findable = _findable(client, sentences)
    _print(len(texts) / elapsed, _raw_rate(texts), len(texts), pages, findable)


def _print(product: float, raw: float, passages: int, pages: int, findable: float) -> None:
    table(
        ["", "passages", "a second"],
        [
            ["the product, from the first upload to the last indexed", str(passages), f"{product:.1f}"],
            ["`SentenceTransformer.encode` of the same texts", str(passages), f"{raw:.1f}"],
        ],
    )
    print(f"\nshare of the bare model's rate: {at_least(product / raw, _SHARE_TARGET, '×')}")
    words = f"a text PDF of {pages} pages found by its last words, from the start of its upload"
    print(f"{words}: {against_target(findable, _FINDABLE_TARGET_SECONDS, 's')}")


def _sentences() -> list[str]:
    text = " ".join(path.read_text(encoding="utf-8") for path in sorted(_EXAMPLES.rglob("*.md")))
    return [sentence for sentence in re.split(r"(?<=[.!?])\s+", text) if "#" not in sentence]


def _paragraphs(sentences: list[str], count: int, seed: int) -> Iterator[str]:
    """Yield paragraphs of two to nine sentences; none stands twice."""
    chance = random.Random(seed)  # noqa: S311 - the same texts in every run
    for number in range(count):
        body = " ".join(chance.choices(sentences, k=chance.randint(2, 9)))
        yield f"{seed}.{number} {body}"


def _texts(sentences: list[str]) -> dict[str, str]:
    return {
        f"recueil {seed}.md": f"# Recueil {seed}\n\n" + "\n\n".join(_paragraphs(sentences, _PARAGRAPHS, seed))
        for seed in range(1, _DOCUMENTS + 1)
    }


def _take_in(client: httpx.Client, texts: dict[str, str]) -> float:
    """Upload documents; return how long it took until the last was indexed."""
    started = time.perf_counter()
    for name, text in texts.items():
        client.post("/api/documents", files={"file": (name, text.encode())}).raise_for_status()
    # Asked more often, the answers themselves would take the processors from what is measured.
    _wait_until(lambda: all(document["status"] == "indexed" for document in _documents(client)), every=0.5)
    return time.perf_counter() - started


def _findable(client: httpx.Client, sentences: list[str]) -> tuple[int, float]:
    """Upload a long PDF; return its pages, and how long it took until its last words were found."""
    blocks = [Paragraph(text) for text in _paragraphs(sentences, _PDF_PARAGRAPHS, 99)]
    sheet = Sheet("Recueil", "Cabinet Mesure", "fr", "Page", [*blocks, Paragraph(_LAST_WORDS)])
    content = as_pdf(sheet)
    started = time.perf_counter()
    client.post("/api/documents", files={"file": ("recueil.pdf", content)}).raise_for_status()
    _wait_until(lambda: _finds(client, "Zéphyrine"))
    elapsed = time.perf_counter() - started
    document = _documents(client)[0]
    if document["status"] == "indexed" or document["pages"] < _FEWEST_PAGES:
        raise RuntimeError(f"meant to be found before its vectors, with {_FEWEST_PAGES} pages: {document}")
    return int(document["pages"]), elapsed


def _finds(client: httpx.Client, word: str) -> bool:
    return any(word in result["passage"] for result in _search(client, word)["results"])


def _search(client: httpx.Client, query: str) -> dict[str, Any]:
    answer = client.post("/api/search", json={"query": query, "top_k": 1}).raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _documents(client: httpx.Client) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = client.get("/api/documents").raise_for_status().json()["documents"]
    return documents


def _index_state(host: Host, port: int) -> str:
    key = dotenv_values(host.root / f"client-{_TENANT}" / ".env")["OPERATOR_KEY"]
    status = OperatorClient(_TENANT, port, SecretStr(key or ""), SystemClock()).status()
    return str(status["checks"]["index"])


def _wait_until(condition: Callable[[], bool], every: float = 0.05) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the documents were not taken in")
        time.sleep(every)


def _embedded_texts(host: Host) -> list[str]:
    """Return the texts the product has computed vectors for in the timed part."""
    query = (
        "SELECT heading, text, embedding IS NULL FROM chunks JOIN documents ON documents.id = document_id "
        "WHERE name LIKE 'recueil %' ORDER BY chunks.id"
    )
    rows = _rows(host, query)
    if any(missing for _, _, missing in rows):
        raise RuntimeError("documents were called indexed without vectors: the embedding server was away")
    return [words_to_embed(heading, text) for heading, text, _ in rows]


def _rows(host: Host, query: str) -> list[tuple[Any, ...]]:
    path = host.root / f"client-{_TENANT}" / "data" / "tenant.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def _raw_rate(texts: list[str]) -> float:
    """Return how many texts a second the model alone encodes."""
    ended = subprocess.run(
        [sys.executable, "-c", _RAW, str(bundled_model_folder())],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ended.stdout)
