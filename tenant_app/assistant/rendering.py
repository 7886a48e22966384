"""Markdown of answers as HTML that is safe to show: words and structure, nothing that leads outside."""

from functools import cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS: Final = {
    "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
# Without definitions, "[1]" and "[1][2]" stay the citation marks they are.
_DISABLED: Final = ("reference", "html_block", "html_inline", "autolink")


def rendered(text: str) -> Markup:
    """Return an answer's Markdown as HTML without links, images, attributes or any HTML of its own.

    Citation marks such as ``[1]`` come out as text.
    """
    html = nh3.clean(_markdown().render(text), tags=_TAGS, attributes={"ol": {"start"}}, link_rel=None)
    return Markup(html)  # noqa: S704 - nh3 has just reduced it to the tags above


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable(list(_DISABLED))
