"""The best passages judged again: the real cross-encoder, and servers that come too late."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tenant_app.accounts.actor import OPERATOR
from tenant_app.api.context import EXTENSION
from tenant_app.factory import create_app
from tenant_app.retrieval import reranking
from tenant_app.retrieval.embedding import EmbeddingsUnavailable
from tenant_app.retrieval.fusion import Ranked
from tenant_app.retrieval.reranking import Reranker
from tenant_app.settings import Settings
from tests.reranking_server_fixture import RerankingServer
from tests.tenant_app.clock import FixedClock
from tests.tenant_app.environment import environment
from tests.tenant_app.retrieval.passages_sample import PassagesSample

QUESTION = "préavis du locataire"
TEXTS = [
    "Le préavis du locataire est de trois mois.",
    "Le préavis est réduit à un mois pour le locataire en zone tendue.",
    "Le bailleur donne congé avec un préavis de six mois.",
    "Le locataire paie le loyer le cinq de chaque mois.",
]


def _hits(data_dir: Path, reranking_server: RerankingServer, **changes: str) -> list[tuple[str, float]]:
    """Search as an instance with these settings does; return passages and scores in order."""
    values = environment(data_dir, embedding_socket=str(reranking_server.server.socket), **changes)
    services = create_app(Settings.model_validate(values), FixedClock()).extensions[EXTENSION]
    try:
        answer = services.search.search(OPERATOR, QUESTION, 10)
        return [(hit.passage, hit.score) for hit in answer.hits]
    finally:
        services.close()


def test_passages_follow_the_scores_of_the_configured_cross_encoder(
    passages: PassagesSample, data_dir: Path, reranking_server: RerankingServer
) -> None:
    for text in TEXTS:
        passages.add(text, name=f"{text[:20]}.txt")
    fused = _hits(data_dir, reranking_server)
    better = _hits(data_dir, reranking_server, rerank_model=reranking_server.model)

    judged = dict(zip(TEXTS, reranking_server.scores(QUESTION, TEXTS), strict=True))
    assert [text for text, _ in better] == sorted(TEXTS, key=lambda text: -judged[text])
    assert [text for text, _ in better] != [text for text, _ in fused]
    assert [score for _, score in better] == [score for _, score in fused]


def test_nothing_is_asked_without_a_model_or_without_the_plans_advanced_features(
    passages: PassagesSample, data_dir: Path, reranking_server: RerankingServer
) -> None:
    for text in TEXTS:
        passages.add(text, name=f"{text[:20]}.txt")
    before = reranking_server.times_asked()
    plain = _hits(data_dir, reranking_server)
    basic = _hits(data_dir, reranking_server, rerank_model=reranking_server.model, advanced_features="false")

    assert (plain, reranking_server.times_asked()) == (basic, before)
    _hits(data_dir, reranking_server, rerank_model=reranking_server.model)
    assert reranking_server.times_asked() == before + 1


def test_only_the_first_candidates_change_their_places(
    passages: PassagesSample,
    data_dir: Path,
    reranking_server: RerankingServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reranking, "CANDIDATES", 3)
    ranked = [Ranked(passages.add(text, name=text[:20]), 1 - place / 10) for place, text in enumerate(TEXTS)]
    gone = Ranked(10_000, 0.95)
    reranker = Reranker(passages.database, reranking_server.server.socket, reranking_server.model, "dupont")
    judged = reranking_server.scores(QUESTION, TEXTS[:2])
    best = [ranked[index].chunk_id for index in sorted((0, 1), key=lambda index: -judged[index])]

    order = reranker.reorder(QUESTION, [ranked[0], gone, *ranked[1:]])

    assert [passage.chunk_id for passage in order] == [*best, *(each.chunk_id for each in ranked[2:])]


@contextmanager
def _mute(path: Path, *, dribbling: bool = False) -> Iterator[Path]:
    """Listen on a socket and answer nothing, or one byte of a header now and then."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        done = threading.Event()

        def dribble() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                    while not done.wait(0.05):
                        connection.sendall(b"x")
                except OSError:
                    # The asker has left, as it should.
                    return

        thread = threading.Thread(target=dribble)
        if dribbling:
            thread.start()
        yield path
        done.set()
        if dribbling:
            thread.join()


@pytest.mark.parametrize("dribbling", [False, True])
def test_a_stalled_server_delays_a_search_by_the_limit_once_and_is_told_once(
    passages: PassagesSample,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    dribbling: bool,
) -> None:
    monkeypatch.setattr(reranking, "MOST_SECONDS", 0.5)
    ranked = [Ranked(passages.add(text, name=text[:20]), 1 - place / 10) for place, text in enumerate(TEXTS)]
    with _mute(tmp_path / "mute.sock", dribbling=dribbling) as path:
        reranker = Reranker(passages.database, path, "judge", "dupont")
        started = time.monotonic()
        assert reranker.reorder(QUESTION, ranked) == ranked
        first = time.monotonic() - started
        assert reranker.reorder(QUESTION, ranked) == ranked
        second = time.monotonic() - started - first

    assert 0.4 < first < 5
    assert second < 0.4, "nobody waits again so soon"
    assert [record.message for record in caplog.records] == ["search_without_reranking"]


def test_a_server_that_goes_on_failing_is_told_once(
    passages: PassagesSample,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(reranking, "RETRY_SECONDS", 0.0)
    ranked = [Ranked(passages.add(text, name=text[:20]), 1 - place / 10) for place, text in enumerate(TEXTS)]
    reranker = Reranker(passages.database, tmp_path / "nobody.sock", "judge", "dupont")
    assert reranker.reorder(QUESTION, ranked) == ranked
    assert reranker.reorder(QUESTION, ranked) == ranked

    assert [record.message for record in caplog.records] == ["search_without_reranking"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"results": [{"index": 0}]},
        {"results": [{"index": 0, "relevance_score": 1.0}]},
        {"results": [{"index": 0, "relevance_score": 1.0}, {"index": 0, "relevance_score": 0.5}]},
    ],
)
def test_an_answer_without_one_score_per_passage_is_none(answer: object) -> None:
    with pytest.raises(EmbeddingsUnavailable):
        reranking._order(answer, 2)
