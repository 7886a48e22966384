"""The spaces of French: a line never begins with ``?``, ``:`` or ``»``, nor ends with ``«``."""

import re
from typing import Final

from flask_babel import get_translations
from jinja2 import Environment

_SPACES: Final = (
    (re.compile(r" (?=[;?!]|%%)"), "\u202f"),
    (re.compile(r" (?=[:»])|(?<=«) "), "\u00a0"),
)
"""Narrow before ``; ? ! %``, full before ``:`` and in guillemets: the rule of the Imprimerie nationale."""


def spaced(text: str) -> str:
    """Return a text of the pages, its placeholders not yet filled in, with the spaces that hold together.

    Of the pages' languages only French puts a space there.
    """
    for place, space in _SPACES:
        text = place.sub(space, text)
    return text


def install(environment: Environment) -> None:
    """Give every text that a template translates its spaces."""
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: spaced(get_translations().ugettext(text)),
        lambda one, many, number: spaced(get_translations().ungettext(one, many, number)),
        newstyle=True,
    )
