"""How often the product says "not in your documents": when it should, and when it should not.

Every tenant that holds a set's documents (``libraries.py``) is asked every set's questions through
``/api/chat``, without a language model. Asked of its own set, a question counts when a passage that answers
it is among those found; asked of another set's tenant, it must be refused. Only the questions of odd number
are asked: those of even number were used to choose the figures of ``tenant_app/assistant/relevance.py``.
"""

from __future__ import annotations

import httpx

from benchmarks.libraries import Library, libraries, post, search
from benchmarks.question_sets import QuestionSet, SetQuestion
from benchmarks.report import table

_MOST_QUESTIONS = 100
"""Of each set: more say little more and take long."""
_DEPTH = 8
_REFUSED = 0.80
_ANSWERED = 0.90


def run() -> None:
    """Ask every set of every library and print the shares."""
    shelf = libraries()
    rows = []
    for library in shelf:
        with library.client() as client:
            rows += [_row(client, library, other.questions) for other in shelf]
    table(["library", "questions", "asked", "answered", "refused", "target"], rows)


def _row(client: httpx.Client, library: Library, questions: QuestionSet) -> list[str]:
    asked = questions.questions[1::2][:_MOST_QUESTIONS]
    own = library.questions is questions
    if own:
        asked = tuple(question for question in asked if _is_found(client, question))
    answered = sum(bool(post(client, "/api/chat", {"question": one.text})["found"]) for one in asked)
    share = answered / len(asked) if asked else 0.0
    met = share >= _ANSWERED if own else 1 - share >= _REFUSED
    target = f"answered ≥ {_ANSWERED:.0%}" if own else f"refused ≥ {_REFUSED:.0%}"
    figures = [str(len(asked)), f"{share:.1%}", f"{1 - share:.1%}"]
    return [library.questions.name, questions.name, *figures, f"{target}: {'met' if met else 'MISSED'}"]


def _is_found(client: httpx.Client, question: SetQuestion) -> bool:
    results = search(client, question.text, _DEPTH)
    return any(result["document"].removesuffix(".md") in question.relevant for result in results)
