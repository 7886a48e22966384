"""References to legal texts as they are written: articles of codes, laws, decrees, directives."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_SOURCE: Final = (
    r"(?:\s+(?:du|de\s+la|de\s+l['’]|des)\s*(?:présent\s+|même\s+)?"
    r"(?:code|loi|décret|arrêté|règlement|directive|convention|ceseda|constitution|accord|c\.)"
    r"(?:\s+(?!(?:est|sont|que|qui|dispose|prévoit|impose|et(?!\s+d)|ou|il|elle|le|les)\b)[\wÀ-ÿ'’°.\-]+){0,6})?"
)
_REFERENCE: Final = re.compile(
    rf"\b(?:articles?|art\.)\s+(?:[LRDAlrda](?:O|o)?\s?\*?\.?\s?)?\d+(?:[-.]\d+)*(?:\s(?:bis|ter|quater))?{_SOURCE}"
    r"|\b(?:loi|décret|ordonnance|arrêté|directive|règlement)\s+(?:\(UE\)\s+)?n[°o]\s?\d[\d./-]*\d"
    r"(?:\s+du\s+\d{1,2}(?:er)?\s+[^\W\d_]+\s+\d{4})?"
    r"|\b(?:section|article)\s+\d+(?:\(\d+\))?\s+of\s+the\s+[A-Z][\w ]{3,50}?Act(?:\s+\d{4})?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Reference:
    """A reference that stands at ``text[start:end]``."""

    start: int
    end: int
    text: str


def references_in(text: str) -> Iterator[Reference]:
    """Yield the references written in a text, in order."""
    for found in _REFERENCE.finditer(text):
        written = found.group().rstrip(" .,;-'’")
        yield Reference(found.start(), found.start() + len(written), " ".join(written.split()))
