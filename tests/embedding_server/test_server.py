"""The whole program, as its users meet it: a process, a unix socket, the real model."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import httpx2
import numpy as np
import openai
import pytest

from tests.embedding_server_fixture import EmbeddingServer, running_embedding_server

MODEL = "all-MiniLM-L6-v2"
PASSAGE = "Le locataire peut donner congé à tout moment, sous réserve d'un préavis de trois mois. " * 12


def embed(client: httpx.Client, texts: list[str], *, user: str = "dupont", priority: str = "ingest") -> Any:
    answer = client.post(
        "/v1/embeddings",
        json={"model": MODEL, "input": texts, "user": user},
        headers={"X-Tenantry-Priority": priority},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def vectors(answer: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([item["embedding"] for item in answer["data"]])


def test_alike_texts_have_near_vectors_of_length_one(embedding_server: EmbeddingServer) -> None:
    with embedding_server.client() as client:
        cat, kitten, invoice = vectors(
            embed(client, ["A cat sleeps.", "A kitten is asleep.", "Unpaid invoice."])
        )

    assert cat.shape == (384,)
    assert np.linalg.norm(cat) == pytest.approx(1, abs=1e-5)
    assert cat @ kitten > 0.6 > 0.3 > cat @ invoice


def test_a_text_has_the_same_vector_alone_or_in_company(embedding_server: EmbeddingServer) -> None:
    with embedding_server.client() as client:
        alone = vectors(embed(client, ["Quel est le délai ?"]))[0]
        company = vectors(embed(client, [PASSAGE, "Quel est le délai ?", "Bref."]))[1]

    assert alone @ company == pytest.approx(1, abs=1e-5)


def test_the_openai_sdk_works_unchanged(embedding_server: EmbeddingServer) -> None:
    transport = httpx2.HTTPTransport(uds=str(embedding_server.socket))
    with httpx2.Client(transport=transport) as http:
        sdk = openai.OpenAI(api_key="unused", base_url="http://embeddings/v1", http_client=http)
        answer = sdk.embeddings.create(model=MODEL, input=["Bonjour"], user="dupont")
        models = sdk.models.list().data
        with pytest.raises(openai.NotFoundError) as refusal:
            sdk.embeddings.create(model="text-embedding-3-small", input="Bonjour")

    assert len(answer.data[0].embedding) == 384
    assert answer.usage.prompt_tokens > 0
    assert [model.id for model in models] == [MODEL]
    assert refusal.value.code == "model_not_found"


def test_health_answers_while_the_model_is_still_loading(tmp_path: Path) -> None:
    with running_embedding_server(tmp_path) as server:
        server.wait_for("/healthz")
        with server.client() as client:
            starting = client.get("/readyz")
            embedding = client.post("/v1/embeddings", json={"model": MODEL, "input": "x"})
        server.wait_for("/readyz")

    assert (starting.status_code, embedding.status_code) == (503, 503)
    assert starting.headers["retry-after"] == embedding.headers["retry-after"] == "3"
    assert starting.json()["error"]["code"] == "loading"


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/v1/embeddings", b"", 405),
        ("POST", "/v1/embeddings", b"{}", 400),
        ("POST", "/v1/embeddings", b"x" * (4 * 1024 * 1024 + 1), 413),
        ("GET", "/v1/nothing", b"", 404),
    ],
)
def test_wrong_requests_get_openais_error_object(
    embedding_server: EmbeddingServer, method: str, path: str, content: bytes, status: int
) -> None:
    with embedding_server.client() as client:
        answer = client.request(method, path, content=content)

    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_a_body_of_unannounced_size_is_cut_at_the_limit(embedding_server: EmbeddingServer) -> None:
    with embedding_server.client() as client:
        answer = client.post("/v1/embeddings", content=(b"x" * 65_536 for _ in range(80)))

    assert answer.status_code == 413


def test_a_question_is_answered_while_a_neighbour_loads_documents(embedding_server: EmbeddingServer) -> None:
    """The neighbour's 60 passages take seconds; a question waits for one batch of them at most."""
    with (
        embedding_server.client() as loader,
        embedding_server.client() as asker,
        ThreadPoolExecutor(1) as pool,
    ):
        load = pool.submit(embed, loader, [PASSAGE] * 60, user="neighbour")
        waits = []
        while not load.done():
            started = time.monotonic()
            embed(asker, ["Quel est le délai de préavis ?"], priority="question")
            waits.append(time.monotonic() - started)
        load.result()

    assert len(waits) >= 3, "the questions waited for the whole load"


def test_a_tenant_with_few_passages_overtakes_one_with_many(embedding_server: EmbeddingServer) -> None:
    def finished(user: str, count: int) -> float:
        with embedding_server.client() as client:
            embed(client, [PASSAGE] * count, user=user)
        return time.monotonic()

    with ThreadPoolExecutor(2) as pool:
        many = pool.submit(finished, "many", 60)
        few = pool.submit(finished, "few", 4)

    assert few.result() < many.result()


def test_a_connection_on_which_nothing_is_asked_is_closed(embedding_server: EmbeddingServer) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.settimeout(30)
        silent.connect(str(embedding_server.socket))

        assert silent.recv(1) == b""


def test_a_client_that_hangs_up_does_not_disturb_the_next(embedding_server: EmbeddingServer) -> None:
    body = json.dumps({"model": MODEL, "input": [PASSAGE] * 100}).encode()
    with socket.socket(socket.AF_UNIX) as impatient:
        impatient.connect(str(embedding_server.socket))
        head = f"POST /v1/embeddings HTTP/1.1\r\nHost: e\r\nContent-Length: {len(body)}\r\n\r\n"
        impatient.sendall(head.encode() + body)

    with embedding_server.client() as client:
        assert vectors(embed(client, ["Bonjour"])).shape == (1, 384)


def test_sigterm_answers_what_was_accepted_then_ends_with_zero_and_no_socket(tmp_path: Path) -> None:
    with running_embedding_server(tmp_path) as server:
        server.wait_for("/readyz")
        with server.client() as client, ThreadPoolExecutor(1) as pool:
            pending = pool.submit(embed, client, [PASSAGE] * 16)
            _wait_until_busy(server)
            server.process.send_signal(signal.SIGTERM)
            assert vectors(pending.result()).shape == (16, 384)
        assert server.process.wait(30) == 0
        assert not server.socket.exists()


def _wait_until_busy(server: EmbeddingServer) -> None:
    """Return when the process computes: its CPU time moves."""

    def ticks() -> int:
        fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    before, deadline = ticks(), time.monotonic() + 20
    while ticks() < before + 20:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_server_killed_hard_is_replaced_on_the_same_socket(tmp_path: Path) -> None:
    with running_embedding_server(tmp_path) as first:
        first.wait_for("/healthz")
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait(20)
        with running_embedding_server(tmp_path) as second:
            second.wait_for("/healthz")


def test_no_text_is_ever_logged(embedding_server: EmbeddingServer) -> None:
    with embedding_server.client() as client:
        embed(client, ["le secret de Madame Martin"])
        client.post("/v1/embeddings", json={"model": MODEL, "input": ["le secret de Madame Martin", 3]})

    log = embedding_server.log.read_text()
    assert "Martin" not in log
    events = [json.loads(line) for line in log.splitlines()]
    assert any(event["event"] == "embedded" and event["user"] == "dupont" for event in events)


@pytest.mark.parametrize(
    ("options", "exit_code", "reason"),
    [
        (["--socket", "missing/e.sock"], 78, "folder must exist"),
        (["--socket", "e.sock", "--model", "no/such-model"], 78, "cannot be loaded"),
        (["--socket", "e.sock", "--group", "nobody-here"], 78, "no group 'nobody-here'"),
    ],
)
def test_a_start_that_cannot_succeed_says_why(
    tmp_path: Path, options: list[str], exit_code: int, reason: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "embedding_server", *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == exit_code
    last = json.loads(ended.stdout.splitlines()[-1])
    assert last["event"] == "cannot_start"
    assert reason in last["reason"]
    assert ended.stderr == ""
