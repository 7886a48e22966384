"""The name an uploader gives a file: kept as text to show, refused when it could be anything else."""

import unicodedata
from typing import Final

from flask_babel import lazy_gettext

from tenant_app.errors import InvalidInput

LONGEST_NAME: Final = 255
_SEPARATORS: Final = frozenset("/\\")
# Marks that turn the reading direction disguise a name: "cv\u202excod.exe" reads "cvexe.docx".
_DIRECTION_MARKS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def accepted_name(name: str | None) -> str:
    """Return `name` unchanged. Raises InvalidInput, saying what is wrong with it."""
    if name is None or not name.strip() or name in (".", ".."):
        raise _refused(lazy_gettext("Le fichier n'a pas de nom."))
    if len(name) > LONGEST_NAME:
        raise _refused(
            lazy_gettext("Le nom du fichier dépasse %(longest)s caractères.", longest=LONGEST_NAME)
        )
    if _SEPARATORS.intersection(name):
        raise _refused(lazy_gettext("Le nom du fichier contient un chemin ; envoyez le nom seul."))
    if any(
        character in _DIRECTION_MARKS or unicodedata.category(character) in _FORBIDDEN_CATEGORIES
        for character in name
    ):
        raise _refused(lazy_gettext("Le nom du fichier contient des caractères de contrôle."))
    return name


def _refused(detail: str) -> InvalidInput:
    return InvalidInput(detail, code="invalid-file-name")
