"""What is said to the language model. The wording lives in ``prompts/``; a changed one gets a new version.

First comes what the operator wrote for the assistant and the model profile in plans.yaml, then our own rules
for that kind of assistant and that profile, then those of every instance. Passages are data: each stands
between tags it cannot close, since its own ``<``, ``>`` and ``&`` are escaped.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
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

VERSION: Final = "v2"
NO_ANSWER: Final = "AUCUNE_REPONSE"
"""What the model is told to write, alone, when the passages do not answer."""
HISTORY_SHARE: Final = 0.25
"""How much of the window what was said before may take."""
CHARACTERS_PER_TOKEN: Final = 3
"""On the safe side for French, whose tokens are about 3.5 characters long."""

_FOLDER: Final = Path(__file__).parent / "prompts"
_LANGUAGE_NAMES: Final[dict[Language, str]] = {"fr": "français", "en": "anglais"}


@dataclass(frozen=True)
class Packed:
    """What to send, and the passages in it: the first ones of those found, in the same order."""

    messages: list[Message]
    passages: tuple[Hit, ...]


def pack(
    settings: Settings,
    question: str,
    passages: Sequence[Hit],
    language: Language,
    history: Sequence[Message] = (),
) -> Packed:
    """Return the rules, what was said before, then the numbered passages and the question, within the window.

    What does not fit is left out whole: the oldest of the conversation, then the last passages. One passage
    always stays.
    """
    rules = _rules(settings, language)
    room = settings.llm_context_tokens - settings.llm_answer_tokens - tokens_in(rules) - tokens_in(question)
    remembered = _newest(history, int(HISTORY_SHARE * max(0, room)))
    room -= sum(tokens_in(message["content"]) for message in remembered)
    given = _fitting(passages, room)
    asked = _prompt("question").substitute(
        passages="\n\n".join(_passage(number, hit) for number, hit in enumerate(given, start=1)),
        question=question,
    )
    messages = [Message(role="system", content=rules), *remembered, Message(role="user", content=asked)]
    return Packed(messages, given)


def tokens_in(text: str) -> int:
    """Return about how many tokens a text is, rather more than fewer."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def _rules(settings: Settings, language: Language) -> str:
    return _prompt("system").substitute(
        client_name=settings.client_name,
        assistant_prompt=settings.assistant_prompt,
        profile_prompt=settings.profile_prompt,
        assistant_rules=_rules_of("assistant", settings.assistant),
        profile_rules=_rules_of("profile", settings.ai_model),
        no_answer=NO_ANSWER,
        language_name=_LANGUAGE_NAMES[language],
    )


def _newest(history: Sequence[Message], room: int) -> list[Message]:
    """Return the end of what was said, from a question on, that fits into ``room`` tokens."""
    for first in range(len(history)):
        rest = list(history[first:])
        if rest[0]["role"] == "user" and sum(tokens_in(message["content"]) for message in rest) <= room:
            return rest
    return []


def _fitting(passages: Sequence[Hit], room: int) -> tuple[Hit, ...]:
    taken = 0
    for place, hit in enumerate(passages):
        taken += tokens_in(_passage(place + 1, hit))
        if place > 0 and taken > room:
            return tuple(passages[:place])
    return tuple(passages)


@cache
def _prompt(name: str) -> Template:
    return Template((_FOLDER / f"{name}-{VERSION}.md").read_text(encoding="utf-8").strip())


@cache
def _rules_of(kind: str, name: str) -> str:
    """Return the rules of one assistant or profile; those of an unknown name are the default ones."""
    known = {path.name for path in _FOLDER.glob(f"{kind}-*-{VERSION}.md")}
    file = f"{kind}-{name}-{VERSION}.md"
    return (_FOLDER / (file if file in known else f"{kind}-default-{VERSION}.md")).read_text("utf-8").strip()


def _passage(number: int, hit: Hit) -> str:
    page = f' page="{hit.page}"' if hit.page is not None else ""
    opening = f'<passage numero="{number}" document="{escape(hit.document)}"{page}>'
    return f"{opening}\n{escape(without_marks(hit.passage), quote=False)}\n</passage>"
