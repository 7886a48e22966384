"""The name an uploader gives a file or a folder: text to show, refused when it could be anything else."""

import unicodedata
from typing import Final

from flask_babel import lazy_gettext

from tenant_app.errors import InvalidInput

LONGEST_NAME: Final = 255
LONGEST_FOLDER: Final = 500
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
    if _is_disguised(name):
        raise _refused(lazy_gettext("Le nom du fichier contient des caractères de contrôle."))
    return name


def accepted_folder(folder: str | None) -> str:
    """Return the folder a file lay in, its parts joined by ``/``; empty for none. Raises InvalidInput."""
    if not folder:
        return ""
    if len(folder) > LONGEST_FOLDER:
        raise _refused(
            lazy_gettext("Le nom du dossier dépasse %(longest)s caractères.", longest=LONGEST_FOLDER)
        )
    if "\\" in folder or any(part.strip() in ("", ".", "..") for part in folder.split("/")):
        raise _refused(lazy_gettext("Le nom du dossier n'est pas un chemin relatif."))
    if _is_disguised(folder):
        raise _refused(lazy_gettext("Le nom du dossier contient des caractères de contrôle."))
    return folder


def _is_disguised(name: str) -> bool:
    return any(
        character in _DIRECTION_MARKS or unicodedata.category(character) in _FORBIDDEN_CATEGORIES
        for character in name
    )


def _refused(detail: str) -> InvalidInput:
    return InvalidInput(detail, code="invalid-file-name")
