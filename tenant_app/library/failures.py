"""Why a document could not be read, in words for the person who sent it."""

from collections.abc import Mapping
from typing import Final

from flask_babel import lazy_gettext

from tenant_app.errors import Text

_MESSAGES: Final[Mapping[str, Text]] = {
    "encrypted": lazy_gettext("Le document est protégé par un mot de passe : envoyez-le sans protection."),
    "damaged": lazy_gettext(
        "Le fichier est endommagé ou incomplet : vérifiez qu'il s'ouvre, puis renvoyez-le."
    ),
    "no_text_layer": lazy_gettext(
        "Le document ne contient pas de texte (page numérisée sans couche de texte) : envoyez une version "
        "passée à la reconnaissance de caractères (OCR)."
    ),
    "too_large": lazy_gettext("Le contenu du document est trop volumineux pour être lu : divisez-le."),
    "timeout": lazy_gettext("La lecture du document a pris trop de temps : divisez-le ou simplifiez-le."),
    "cancelled": lazy_gettext("La lecture a été annulée : relancez-la quand vous voudrez."),
    "unsupported": lazy_gettext("Ce type de document n'est pas accepté."),
}


def failure_message(code: str) -> str:
    """Return the reason in the reader's language. Raises KeyError for an unknown code."""
    return str(_MESSAGES[code])
