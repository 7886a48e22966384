"""Which questions are accepted. A refused one is refused whole: nothing is cut or cleaned."""

import re
import unicodedata
from typing import Final

from flask_babel import lazy_gettext

from tenant_app.errors import InvalidInput

_FLOOD: Final = re.compile(r"(\S)\1{39}")
_LAYOUT: Final = frozenset("\t\n\r")
# Cc: control characters; Cs: halves of characters, which cannot be stored.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs"})


def accept_question(question: str, longest: int) -> None:
    """Raise InvalidInput unless the question says something within ``longest`` characters."""
    if not question.strip():
        raise InvalidInput(lazy_gettext("La question est vide."), code="empty-question")
    if len(question) > longest:
        raise InvalidInput(
            lazy_gettext(
                "La question compte %(length)s caractères ; %(longest)s au plus sont acceptés.",
                length=len(question),
                longest=longest,
            ),
            code="question-too-long",
        )
    if not any(character.isalnum() for character in question):
        raise InvalidInput(lazy_gettext("La question ne contient aucun mot."), code="no-words")
    if _FLOOD.search(question):
        raise InvalidInput(
            lazy_gettext("La question répète sans fin le même caractère."), code="repeated-characters"
        )
    if any(_is_refused(character) for character in question):
        raise InvalidInput(
            lazy_gettext("La question contient des caractères de contrôle ; retirez-les."),
            code="control-characters",
        )


def _is_refused(character: str) -> bool:
    return unicodedata.category(character) in _REFUSED_CATEGORIES and character not in _LAYOUT
