"""What is said to the language model about a case; the wording lives in ``prompts/``, with its version.

Passages are data: each stands between tags it cannot close, since its own ``<``, ``>`` and ``&`` are escaped.
"""

from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from tenant_app.assistant.citations import without_marks
from tenant_app.assistant.provider import CHARACTERS_PER_TOKEN, Message
from tenant_app.cases.analyses.content import Extract
from tenant_app.cases.analyses.material import Material
from tenant_app.cases.analyses.research import Finding
from tenant_app.cases.analyses.statements import statements_of
from tenant_app.retrieval.language import Language
from tenant_app.settings import Settings

VERSION: Final = "analysis-v1"
_FOLDER: Final = Path(__file__).parent / "prompts"
_LANGUAGE_NAMES: Final[dict[Language, str]] = {"fr": "français", "en": "anglais"}
_MOST_OF_THE_LIBRARY: Final = 6
_AROUND_A_PASSAGE: Final = 120
"""Characters of the tags and the name around a passage."""
_RULES_CHARACTERS: Final = 4_000


def passages_for(settings: Settings, material: Material, findings: Sequence[Finding]) -> list[Extract]:
    """Return the passages to show, numbered from 1 in this order, as many as the model's window holds.

    What the library was found to say comes first in line, then the passages of the case that state most; they
    are shown in the order of the case.
    """
    room = (
        settings.llm_context_tokens - settings.llm_answer_tokens
    ) * CHARACTERS_PER_TOKEN - _RULES_CHARACTERS
    library = {extract.chunk_id: extract for finding in findings for extract in finding.extracts}
    weighed = sorted(material.extracts, key=_weight, reverse=True)
    chosen: list[Extract] = []
    for extract in [*list(library.values())[:_MOST_OF_THE_LIBRARY], *weighed]:
        size = len(extract.text) + _AROUND_A_PASSAGE
        if size <= room:
            room -= size
            chosen.append(extract)
    return sorted(chosen, key=lambda extract: (extract.chunk_id in library, extract.chunk_id))


def messages_for(settings: Settings, material: Material, passages: Sequence[Extract]) -> list[Message]:
    """Return what to send: the rules, then the numbered passages and what the case is about."""
    rules = _prompt("rules").substitute(
        client_name=settings.client_name,
        assistant_prompt=settings.assistant_prompt,
        profile_prompt=settings.profile_prompt,
        language_name=_LANGUAGE_NAMES[material.language],
    )
    asked = _prompt("case").substitute(
        passages="\n\n".join(_passage(number, extract) for number, extract in enumerate(passages, start=1)),
        case=escape(material.question, quote=False),
    )
    return [Message(role="system", content=rules), Message(role="user", content=asked)]


def repair_messages(messages: Sequence[Message], answer: str, reason: str) -> list[Message]:
    """Return what to send when an answer does not have the form asked for."""
    again = _prompt("repair").substitute(reason=reason)
    return [
        *messages,
        Message(role="assistant", content=answer),
        Message(role="user", content=again),
    ]


@cache
def _prompt(name: str) -> Template:
    return Template((_FOLDER / f"{name}-v1.md").read_text(encoding="utf-8").strip())


def _weight(extract: Extract) -> int:
    return max((statement.weight for statement in statements_of([extract])), default=0)


def _passage(number: int, extract: Extract) -> str:
    page = f' page="{extract.page}"' if extract.page is not None else ""
    opening = f'<passage numero="{number}" document="{escape(extract.document)}"{page}>'
    return f"{opening}\n{escape(without_marks(extract.text), quote=False)}\n</passage>"
