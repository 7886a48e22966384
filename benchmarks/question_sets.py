"""Sets of documents and questions with known answers, and how well an order of documents answers them.

A set is a folder: ``corpus.jsonl`` (id, title, text), ``queries.jsonl`` (id, text) and ``qrels.tsv``
(question id, document id, grade above 0).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CORPUS = "corpus.jsonl"
_DEPTH = 10
_HIT_DEPTH = 5


@dataclass(frozen=True)
class SetDocument:
    """One document of a set."""

    id: str
    title: str
    text: str

    @property
    def markdown(self) -> str:
        """The document as a file."""
        return f"# {self.title}\n\n{self.text}\n" if self.title else f"{self.text}\n"


@dataclass(frozen=True)
class SetQuestion:
    """One question, and the documents that answer it with their grades."""

    text: str
    relevant: Mapping[str, int]


@dataclass(frozen=True)
class QuestionSet:
    """One set; its questions in the order of the file, those without an answer left out."""

    name: str
    documents: tuple[SetDocument, ...]
    questions: tuple[SetQuestion, ...]


@dataclass(frozen=True)
class Quality:
    """How well questions were answered, each figure from 0 to 1: means over the questions."""

    hit: float
    mrr: float
    ndcg: float


def find_sets(folders: Sequence[Path]) -> list[Path]:
    """Return the sets that lie in these folders, in order of their names."""
    return sorted(
        (path.parent for folder in folders for path in folder.glob(f"*/{CORPUS}")), key=lambda path: path.name
    )


def read_set(folder: Path) -> QuestionSet:
    """Read one set. Raises OSError, KeyError or ValueError when a file is missing or not of that shape."""
    documents = tuple(
        SetDocument(str(row["id"]), str(row.get("title") or ""), str(row["text"]))
        for row in _rows(folder / CORPUS)
    )
    grades = _grades(folder / "qrels.tsv")
    questions = tuple(
        SetQuestion(str(row["text"]), grades[str(row["id"])])
        for row in _rows(folder / "queries.jsonl")
        if str(row["id"]) in grades
    )
    return QuestionSet(folder.name, documents, questions)


def quality(questions: Sequence[SetQuestion], orders: Sequence[Sequence[str]]) -> Quality:
    """Judge the orders of document ids found for the questions, best first.

    hit@5 and MRR@10 count any relevant document; nDCG@10 uses the grades as gains (Järvelin and Kekäläinen,
    2002, with the binary logarithm of the rank plus one).
    """
    figures = [_figures(question.relevant, order) for question, order in zip(questions, orders, strict=True)]
    hit, mrr, ndcg = (sum(column) / len(figures) for column in zip(*figures, strict=True))
    return Quality(hit, mrr, ndcg)


def _figures(relevant: Mapping[str, int], order: Sequence[str]) -> tuple[float, float, float]:
    places = [place for place, document in enumerate(order[:_DEPTH]) if document in relevant]
    gain = sum(relevant[order[place]] / math.log2(place + 2) for place in places)
    best = sorted(relevant.values(), reverse=True)[:_DEPTH]
    ideal = sum(grade / math.log2(place + 2) for place, grade in enumerate(best))
    return (
        float(any(place < _HIT_DEPTH for place in places)),
        1 / (places[0] + 1) if places else 0.0,
        gain / ideal,
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _grades(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        question, document, grade = line.split("\t")
        if int(grade) > 0:
            grades.setdefault(question, {})[document] = int(grade)
    return grades
