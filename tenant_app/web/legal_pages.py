"""The vendor's legal texts, open to everybody: terms of sale, legal notice, privacy."""

from flask import render_template
from flask_babel import get_locale, lazy_gettext

from tenant_app.api.context import current_services
from tenant_app.assistant.rendering import rendered
from tenant_app.errors import NotFound
from tenant_app.settings import LegalPage
from tenant_app.web.frame import legal_title


def legal(page: LegalPage) -> str:
    """Show a text in the reader's language, or else in the one there is; raises NotFound without any."""
    texts = current_services().settings.legal_texts.get(page)
    if not texts:
        raise NotFound(lazy_gettext("Il n'y a rien à cette adresse."))
    language = str(get_locale())
    own = language if language in texts else next(iter(texts))
    return render_template(
        "legal.html", title=legal_title(page), page=page, text=rendered(texts[own]), text_language=own
    )
