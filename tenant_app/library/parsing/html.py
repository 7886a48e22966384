"""Read web pages: the article and its headings, without the menus, banners and scripts around it."""

import re
from collections.abc import Iterator
from pathlib import Path

import lxml.html
from lxml import etree

from tenant_app.library.parsing.characters import normalise, one_line
from tenant_app.library.parsing.encodings import decode_text, marked_encoding
from tenant_app.library.parsing.protocol import Block, ParseError, Part
from tenant_app.library.parsing.structure import heading_level

_META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
_META_SEARCHED_BYTES = 4096
_FURNITURE_TAGS = """
script style noscript template svg math nav footer aside form button select textarea input iframe object
embed canvas audio video map dialog head link meta
"""
_DROPPED_TAGS = frozenset(_FURNITURE_TAGS.split())
_FURNITURE_ROLES = """
navigation banner contentinfo search complementary dialog alert menu menubar
"""
_DROPPED_ROLES = frozenset(_FURNITURE_ROLES.split())
_DROPPED_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|breadcrumbs?|fil-ariane|ariane|sidebar|cookies?|social|share|partage|"
    r"pagination|skip-?links?|newsletter|comments?|advert(?:isement)?|publicite)(?:$|[\s_-])",
    re.IGNORECASE,
)
_TAGS_OF_BLOCKS = """
address article blockquote body center dd details div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 h6
header hr html legend li main ol p pre section summary table tbody td tfoot th thead tr ul caption
"""
_BLOCK_TAGS = frozenset(_TAGS_OF_BLOCKS.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_ROOTS = ("//main", "//*[@role='main']", "//article")
_ARTICLE_SHARE = 0.5

Element = etree._Element


def read_html(path: Path) -> Iterator[Part]:
    """Yield headings, paragraphs, list items and table rows. Raises ParseError("damaged")."""
    data = path.read_bytes()
    tree = _tree(_decode(data))
    title = one_line(tree.findtext(".//title") or "")
    _drop_furniture(tree)
    blocks = [block for block in _walk(_article(tree)) if block.text]
    if title and not any(block.level == 1 for block in blocks):
        blocks.insert(0, Block(title, level=1))
    yield from blocks


def _decode(data: bytes) -> str:
    declared = _META_CHARSET.search(data[:_META_SEARCHED_BYTES])
    if declared is None or marked_encoding(data):
        return decode_text(data)
    try:
        return data.decode(declared[1].decode("ascii"))
    except (LookupError, UnicodeDecodeError):
        # The page lies about its encoding (or names none that exists), which is common: look at its bytes.
        return decode_text(data)


def _tree(text: str) -> Element:
    # lxml refuses a str with an encoding declaration; encoded here, the declared encoding no longer matters.
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        return lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError as error:
        raise ParseError("damaged", f"not a readable web page: {error}") from error


def _drop_furniture(tree: Element) -> None:
    for element in [element for element in tree.iter(etree.Element) if _is_furniture(element)]:
        parent = element.getparent()
        if parent is not None:
            _remove_keeping_tail(element, parent)


def _is_furniture(element: Element) -> bool:
    if element.tag in _DROPPED_TAGS:
        return True
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if element.get("role", "").lower() in _DROPPED_ROLES:
        return True
    # The page's own header is furniture; an article's header holds its title.
    if element.tag == "header":
        return not any(parent.tag in ("article", "main") for parent in element.iterancestors())
    if element.tag in ("html", "body", "main", "article") or element.tag in _HEADINGS:
        return False
    return any(_DROPPED_NAMES.search(element.get(name, "")) for name in ("class", "id"))


def _remove_keeping_tail(element: Element, parent: Element) -> None:
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


def _article(tree: Element) -> Element:
    """Return the element that holds the page's own text: the marked one, unless it is only a small part."""
    body = tree.find("body")
    whole = tree if body is None else body
    for path in _ROOTS:
        found = tree.xpath(path)
        assert isinstance(found, list)
        candidates = [element for element in found if isinstance(element, etree._Element)]
        if candidates:
            largest = max(candidates, key=_text_length)
            if path != "//article" or _text_length(largest) >= _ARTICLE_SHARE * _text_length(whole):
                return largest
    return whole


def _text_length(element: Element) -> int:
    return sum(len(text.strip()) for text in element.itertext())


def _walk(element: Element) -> Iterator[Block]:
    """Yield the blocks of an element: its inline runs and, in their order, the blocks inside it."""
    if element.tag in _HEADINGS:
        yield Block(one_line(_inline(element)), level=_HEADINGS[element.tag])
    elif element.tag == "pre":
        yield from _lines(_inline(element))
    elif element.tag == "tr":
        cells = (one_line(_inline(cell)) for cell in element if cell.tag in ("td", "th"))
        yield Block(" | ".join(cell for cell in cells if cell))
    else:
        yield from _walk_container(element)


def _walk_container(element: Element) -> Iterator[Block]:
    prefix = "- " if element.tag == "li" else ""
    inline = element.text or ""
    for child in element:
        if child.tag in _BLOCK_TAGS:
            yield from _paragraph(inline, prefix)
            yield from _walk(child)
            inline = child.tail or ""
        else:
            inline += _inline(child) + (child.tail or "")
    yield from _paragraph(inline, prefix)


def _paragraph(inline: str, prefix: str) -> Iterator[Block]:
    text = one_line(inline)
    if text:
        yield Block(prefix + text, level=heading_level(text))


def _lines(inline: str) -> Iterator[Block]:
    for paragraph in re.split(r"\n\s*\n", normalise(inline)):
        if paragraph.strip():
            yield Block(paragraph.strip("\n"))


def _inline(element: Element) -> str:
    """Return the text inside an element; a line break or a block inside it separates words."""
    if element.tag == "br":
        return "\n"
    pieces = [element.text or ""]
    for child in element:
        text = _inline(child)
        pieces.append(f"\n{text}\n" if child.tag in _BLOCK_TAGS else text)
        pieces.append(child.tail or "")
    return "".join(pieces)
