"""What may be searched for."""

import unicodedata

from flask_babel import lazy_gettext

from tenant_app.errors import InvalidInput

_ALLOWED_CONTROLS = frozenset("\n\r\t")


def accepted_query(query: str, longest: int) -> str:
    """Return `query` unchanged. Raises InvalidInput: blank, too long, control characters."""
    if not query.strip():
        raise InvalidInput(lazy_gettext("La recherche est vide."), code="empty-query")
    if len(query) > longest:
        raise InvalidInput(
            lazy_gettext("La recherche dépasse %(longest)s caractères.", longest=longest),
            code="query-too-long",
        )
    if any(
        unicodedata.category(character) in ("Cc", "Cs")
        for character in query
        if character not in _ALLOWED_CONTROLS
    ):
        raise InvalidInput(
            lazy_gettext("La recherche contient des caractères de contrôle."), code="control-characters"
        )
    return query
