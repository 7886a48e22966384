"""How well search finds: the product beside plain BM25, vectors alone and the two by their ranks.

Questions go in through ``/api/search`` of a tenant that holds the set's documents (``libraries.py``). The
weights of the product were chosen on the questions of even number (0, 2, …) of each set; those of odd
number are held out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx
import numpy as np
import numpy.typing as npt

from benchmarks.libraries import Library, libraries, search
from benchmarks.plain_search import PlainBm25, order_by_ranks, order_by_vectors
from benchmarks.question_sets import Quality, QuestionSet, SetQuestion, quality
from benchmarks.report import table
from tenant_app.retrieval.embedding import EmbeddingClient
from tenant_app.retrieval.language import Language, detect_language

_EMBEDDED_AT_ONCE = 32
_MODEL = "all-MiniLM-L6-v2"
_PRODUCT = "Tenantry"
_FLOOR = 0.98
_LEAD = 1.02
_ONCE = ", a repeated word once"
"""The formula counts a word of the question as often as it stands there; not doing so is a fourth peer."""

Orders = Mapping[str, Sequence[Sequence[str]]]
"""By the name of a search: for each question of a set, the ids of the documents found, best first."""


def run() -> None:
    """Measure every set found and print the tables."""
    results = [(library.questions, _orders(library)) for library in libraries()]
    for held_out, title in ((True, "held-out half of the questions"), (False, "all questions")):
        print(f"\n{title}\n")
        _print(results, held_out=held_out)


def _orders(library: Library) -> Orders:
    questions = library.questions
    texts = [f"{document.title}\n{document.text}".strip() for document in questions.documents]
    language = _language(texts)
    socket_path = library.host.root / "run" / "embeddings" / "embeddings.sock"
    product = _product(library)
    embeddings = EmbeddingClient(socket_path, _MODEL, "benchmark")
    bm25 = PlainBm25(texts, language)
    asked = [question.text for question in questions.questions]
    by_words = [bm25.order(text, once=True) for text in asked]
    by_all_words = [bm25.order(text, once=False) for text in asked]
    documents, vectors = _vectors(embeddings, texts), _vectors(embeddings, asked)
    by_vectors = [order_by_vectors(vector, documents) for vector in vectors]
    by_ranks = [order_by_ranks(*orders) for orders in zip(by_all_words, by_vectors, strict=True)]
    return {
        _PRODUCT: product,
        f"BM25-{language}": _named(questions, by_all_words),
        "vectors alone": _named(questions, by_vectors),
        "equal-weight RRF": _named(questions, by_ranks),
        f"BM25-{language}{_ONCE}": _named(questions, by_words),
    }


def _language(texts: Sequence[str]) -> Language:
    return detect_language("\n".join(texts)) or "fr"


def _product(library: Library) -> list[list[str]]:
    with library.client() as client:
        return [_search(client, question, library.stored) for question in library.questions.questions]


def _search(client: httpx.Client, question: SetQuestion, stored: Mapping[str, Sequence[str]]) -> list[str]:
    names = dict.fromkeys(result["document"] for result in search(client, question.text, 50))
    return [document for name in names for document in stored[name]]


def _vectors(embeddings: EmbeddingClient, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    packed: list[bytes] = []
    for start in range(0, len(texts), _EMBEDDED_AT_ONCE):
        packed += embeddings.embed_passages(texts[start : start + _EMBEDDED_AT_ONCE])
    return np.frombuffer(b"".join(packed), dtype="<f4").reshape(len(texts), -1)


def _named(questions: QuestionSet, orders: Sequence[Sequence[int]]) -> list[list[str]]:
    return [[questions.documents[place].id for place in order] for order in orders]


def _print(results: Sequence[tuple[QuestionSet, Orders]], *, held_out: bool) -> None:
    every = slice(1, None, 2) if held_out else slice(None)
    rows, products, bests, bests_of_four = [], [], [], []
    for questions, orders in results:
        figures = {name: quality(questions.questions[every], found[every]) for name, found in orders.items()}
        rows += [_row(questions.name, name, found) for name, found in figures.items()]
        products.append(figures[_PRODUCT].ndcg)
        peers = {name: found.ndcg for name, found in figures.items() if name != _PRODUCT}
        bests.append(max(ndcg for name, ndcg in peers.items() if not name.endswith(_ONCE)))
        bests_of_four.append(max(peers.values()))
    table(["set", "search", "hit@5", "MRR@10", "nDCG@10"], rows)
    print()
    for (questions, _), product, best in zip(results, products, bests, strict=True):
        print(f"{questions.name}: {_against(product, best, _FLOOR)}")
    count = len(results)
    mean = sum(products) / count
    print(f"mean nDCG@10: {_against(mean, sum(bests) / count, _LEAD)}")
    print(f"the fourth peer counted too: {mean / (sum(bests_of_four) / count):.3f} x")


def _row(set_name: str, search: str, found: Quality) -> list[str]:
    return [set_name, search, f"{found.hit:.3f}", f"{found.mrr:.3f}", f"{found.ndcg:.4f}"]


def _against(product: float, best: float, target: float) -> str:
    verdict = "met" if product >= target * best else "MISSED"
    return f"{product:.4f}, {product / best:.3f} x the best of the three (target {target:g}: {verdict})"
