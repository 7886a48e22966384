"""Say to the person who sends a file whether its type is accepted, and what can be done when it is not."""

from pathlib import Path
from typing import Final

from flask_babel import lazy_gettext

from tenant_app.errors import InvalidInput, Text, UnsupportedType
from tenant_app.library.parsing.sniffing import NotAccepted, sniffed_media_type

_ACCEPTED: Final[Text] = lazy_gettext(
    "Formats acceptés : PDF, Word (DOCX), OpenDocument (ODT, ODS), Excel (XLSX), PowerPoint (PPTX), courriel "
    "(EML), HTML, CSV, Markdown, texte, et pages numérisées (PDF, PNG, JPEG, TIFF)."
)


def judge_media_type(path: Path, name: str) -> str:
    """Return the media type of an accepted file, judged by its bytes.

    Raises InvalidInput for an empty file, UnsupportedType, saying what can be done, for any other.
    """
    try:
        return sniffed_media_type(path, name)
    except NotAccepted as refusal:
        match refusal.reason:
            case "empty":
                raise InvalidInput(lazy_gettext("Le fichier est vide."), code="empty-file") from refusal
            case "encrypted":
                detail = lazy_gettext(
                    "Ce document est protégé par un mot de passe : enregistrez-le sans protection."
                )
                raise UnsupportedType(detail, code="encrypted") from refusal
            case "old_office":
                detail = lazy_gettext(
                    "Ancien format d'Office (DOC, XLS, PPT, MSG) non accepté : enregistrez le document "
                    "en DOCX, XLSX, PPTX, EML ou PDF."
                )
                raise UnsupportedType(detail) from refusal
        raise UnsupportedType(_ACCEPTED) from refusal
