"""Turns the ``[1]`` of an answer into a link to its source, and marks what its passages do not support."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from flask_babel import gettext
from markupsafe import Markup

_OUTSIDE_TAGS: Final = re.compile(r"<[^>]*>|\[(\d{1,3})\]")
_LINK: Final = Markup(
    '<a class="cite" href="{url}" data-passage="{passage}"><span class="unseen">{label}</span>'
    '<span aria-hidden="true">{number}</span></a>'
)

_SIGN: Final = "\ue000"
"""Stands in a text where a mark belongs while it becomes HTML; of no use to anybody else (private use)."""
_DOUBT: Final = Markup(
    '<span class="doubt" title="{reason}"><span class="unseen"> ({reason}) </span>'
    '<span aria-hidden="true">?</span></span>'
)


class Linkable(Protocol):
    """What a link needs to know of a source."""

    @property
    def number(self) -> int: ...
    @property
    def document(self) -> str: ...
    @property
    def document_url(self) -> str: ...
    @property
    def passage_url(self) -> str: ...


def with_links(answer: Markup, sources: Mapping[int, Linkable]) -> Markup:
    """Return the answer's HTML with each known ``[n]`` of its text linked; numbers without a source stay."""

    def link(found: re.Match[str]) -> str:
        source = sources.get(int(found[1])) if found[1] else None
        if source is None:
            return found[0]
        label = gettext("Source %(number)s :", number=source.number) + f" {source.document}"
        return str(
            _LINK.format(
                url=source.document_url, passage=source.passage_url, label=label, number=source.number
            )
        )

    return Markup(_OUTSIDE_TAGS.sub(link, str(answer)))  # noqa: S704 - sanitised HTML, escaped insertions


def with_signs(answer: str, ends: Sequence[int]) -> str:
    """Return the answer's Markdown with a sign at each of ``ends``, which are in order."""
    starts = [0, *ends]
    pieces = [answer[start:end] for start, end in zip(starts, [*ends, len(answer)], strict=True)]
    return _SIGN.join(piece.replace(_SIGN, "") for piece in pieces)


def with_doubts(answer: Markup, doubts: Sequence[str | None]) -> Markup:
    """Return the answer's HTML with each sign made a mark that says why the sentence is in doubt."""
    reasons = iter(doubts)

    def mark(_: re.Match[str]) -> str:
        return str(_DOUBT.format(reason=doubt_reason(next(reasons, None))))

    return Markup(re.sub(_SIGN, mark, str(answer)))  # noqa: S704 - sanitised HTML, escaped insertions


def doubt_reason(doubt: str | None) -> str:
    """Return why a sentence is marked, in the reader's language."""
    reasons = {
        "facts": gettext("à vérifier : un chiffre ou une référence n’est pas dans les passages cités"),
        "quotation": gettext("à vérifier : les mots entre guillemets ne sont pas dans les passages cités"),
        "negation": gettext("à vérifier : un passage cité semble dire le contraire"),
    }
    return str(reasons.get(doubt or "", gettext("à vérifier : les passages cités ne le disent pas")))
