"""What is said to the language model. The wording lives in ``prompts/``; a changed one gets a new version.

Passages are data: each stands between tags it cannot close, since its own ``<``, ``>`` and ``&`` are escaped.
"""

from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from tenant_app.assistant.citations import without_marks
from tenant_app.assistant.provider import Message
from tenant_app.retrieval.language import Language
from tenant_app.retrieval.search import Hit
from tenant_app.settings import Settings

VERSION: Final = "v1"
NO_ANSWER: Final = "AUCUNE_REPONSE"
"""What the model is told to write, alone, when the passages do not answer."""

_FOLDER: Final = Path(__file__).parent / "prompts"
_LANGUAGE_NAMES: Final[dict[Language, str]] = {"fr": "français", "en": "anglais"}


def messages_for(
    settings: Settings,
    question: str,
    passages: Sequence[Hit],
    language: Language,
    history: Sequence[Message] = (),
) -> list[Message]:
    """Return what to send: the rules, what was said before, then the numbered passages and the question."""
    rules = _prompt("system").substitute(
        client_name=settings.client_name,
        assistant_prompt=settings.assistant_prompt,
        profile_prompt=settings.profile_prompt,
        no_answer=NO_ANSWER,
        language_name=_LANGUAGE_NAMES[language],
    )
    asked = _prompt("question").substitute(
        passages="\n\n".join(_passage(number, hit) for number, hit in enumerate(passages, start=1)),
        question=question,
    )
    return [
        Message(role="system", content=rules),
        *history,
        Message(role="user", content=asked),
    ]


@cache
def _prompt(name: str) -> Template:
    return Template((_FOLDER / f"{name}-{VERSION}.md").read_text(encoding="utf-8").strip())


def _passage(number: int, hit: Hit) -> str:
    page = f' page="{hit.page}"' if hit.page is not None else ""
    opening = f'<passage numero="{number}" document="{escape(hit.document)}"{page}>'
    return f"{opening}\n{escape(without_marks(hit.passage), quote=False)}\n</passage>"
