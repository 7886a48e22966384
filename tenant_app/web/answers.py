"""Turns the ``[1]`` of an answer into a link to its source."""

import re
from collections.abc import Mapping
from typing import Final, Protocol

from flask_babel import gettext
from markupsafe import Markup

_OUTSIDE_TAGS: Final = re.compile(r"<[^>]*>|\[(\d{1,3})\]")
_LINK: Final = Markup(
    '<a class="cite" href="{url}" data-passage="{passage}"><span class="unseen">{label}</span>'
    '<span aria-hidden="true">{number}</span></a>'
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
