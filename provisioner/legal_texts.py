"""The vendor's legal texts, Markdown in `<root>/legal`, which every client's site shows in its own name.

`cgv.fr.md`, `mentions-legales.fr.md` and `confidentialite.fr.md`; `.en.md` for the English ones. A word in
braces stands for what differs from client to client, such as `{client}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from provisioner.errors import InvalidConfiguration
from provisioner.filesystem import read_text
from provisioner.layout import Layout

PAGES: Final = ("cgv", "mentions-legales", "confidentialite")
LANGUAGES: Final = ("fr", "en")
LARGEST: Final = 100_000
"""Characters of one text: it is part of each client's settings."""
WORDS: Final = (
    *("client", "client_siret", "client_address", "client_email", "address"),
    *(
        "vendor",
        "vendor_form",
        "vendor_address",
        "vendor_siret",
        "vendor_email",
        "vendor_phone",
        "vendor_rcs",
    ),
)
"""What may stand in braces."""
_WORD: Final = re.compile(r"\{([^{}\n]*)\}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029]")

LegalTexts = Mapping[str, Mapping[str, str]]
"""Page → language → Markdown, its words still in braces."""


def read(layout: Layout) -> LegalTexts:
    """Return the texts that are there, French ones first.

    Raises InvalidConfiguration, naming the file, for one that is too long or holds a word nobody knows.
    """
    found: dict[str, dict[str, str]] = {}
    for page in PAGES:
        for language in LANGUAGES:
            file = layout.legal / f"{page}.{language}.md"
            text = read_text(file)
            if text is not None:
                _judge(str(file), text)
                found.setdefault(page, {})[language] = text
    return found


def filled(text: str, words: Mapping[str, str]) -> str:
    """Return a text with what its words in braces stand for; raises KeyError for one that is not given."""
    return _WORD.sub(lambda found: words[found[1]], text)


def _judge(file: str, text: str) -> None:
    if len(text) > LARGEST:
        raise InvalidConfiguration(file, f"it has more than {LARGEST} characters.", "Shorten it.")
    if _CONTROL.search(text):
        raise InvalidConfiguration(file, "it holds a control character or a tab.", "Save it as plain text.")
    unknown = next((word for word in _WORD.findall(text) if word not in WORDS), None)
    if unknown is not None:
        raise InvalidConfiguration(
            file, f"{{{unknown}}} is no word that is filled in.", f"These are: {', '.join(WORDS)}."
        )
