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
        "Le document ne contient pas de texte (pages numérisées sans couche de texte), et votre abonnement "
        "ne comprend pas la reconnaissance de caractères (OCR) : envoyez une version dont le "
        "texte peut être sélectionné."
    ),
    "no_text_layer_ocr_missing": lazy_gettext(
        "Le document ne contient pas de texte (pages numérisées sans couche de texte), et la reconnaissance "
        "de caractères (OCR) de votre abonnement n'est pas installée sur ce serveur : prévenez votre "
        "prestataire."
    ),
    "no_text_recognised": lazy_gettext(
        "Le document ne contient pas de texte, et la reconnaissance de caractères (OCR) n'en a trouvé aucun "
        "dans ses images : vérifiez qu'il est lisible, à l'endroit et assez net."
    ),
    "too_large": lazy_gettext("Le contenu du document est trop volumineux pour être lu : divisez-le."),
    "timeout": lazy_gettext("La lecture du document a pris trop de temps : divisez-le ou simplifiez-le."),
    "cancelled": lazy_gettext("La lecture a été annulée : relancez-la quand vous voudrez."),
    "unsupported": lazy_gettext("Ce type de document n'est pas accepté."),
}


def failure_message(code: str) -> str:
    """Return the reason in the reader's language. Raises KeyError for an unknown code."""
    return str(_MESSAGES[code])
