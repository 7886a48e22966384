"""Cut a document's blocks into passages that follow its structure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from tenant_app.library.clauses import (
    ARTICLE_DEPTH,
    CLAUSE_DEPTH,
    article_opening,
    begins_clause,
    clause_depths,
)
from tenant_app.library.parsing.protocol import Block, ParseError
from tenant_app.library.parsing.structure import is_article
from tenant_app.passages import HEADING_SEPARATOR

LONGEST_PASSAGE = 1_200
"""Characters: what a reader takes in at a glance, and little more than small embedding models read."""
SHORTEST_PASSAGE = 300
"""A section shorter than this goes on into the next one, unless that one is an article."""

LONGEST_HEADING = 200
"""Characters: a longer block is body text, even when its author marked it as a heading."""
LONGEST_HEADING_PATH = 400
"""Characters of headings kept with each passage: the innermost that fit."""
MOST_PASSAGES = 20_000
"""Of one document: some 6,000 pages. What a passage costs is paid in disk, memory and hours of vectors."""

_BLOCK_SEPARATOR = "\n\n"
_NOT_SPACE = re.compile(r"\S")
_SENTENCE_END = re.compile(r"(?<=[.!?;:…»])\s+(?=[^\W_]|[«\"(–—-])")


@dataclass(frozen=True)
class Passage:
    """A slice of the document's text: ``text[char_start:char_end]``."""

    text: str
    page: int | None
    heading: str
    char_start: int
    char_end: int


@dataclass(frozen=True)
class _Piece:
    """A block, or a part of a long one, at its place in the document's text."""

    start: int
    end: int
    page: int | None
    path: tuple[str, ...]
    opens: int
    """Depth of the heading this piece is (from 1, outermost first), or 0 for body text."""
    begins: int = 0
    """Depth of the article or clause whose text, number included, this piece of body text begins, or 0."""


def document_text(blocks: Iterable[Block]) -> str:
    """Return the text that passage offsets refer to: the blocks, a blank line between two."""
    return _BLOCK_SEPARATOR.join(block.text for block in blocks)


def cut_passages(blocks: list[Block]) -> list[Passage]:
    """Return the passages of a document, in order; together they cover its whole text.

    A heading begins a passage and belongs to it; a passage ends before the next heading unless it is still
    short, and never exceeds LONGEST_PASSAGE characters.

    Raises ParseError("too_large") beyond MOST_PASSAGES.
    """
    text = document_text(blocks)
    groups = islice(_groups(_pieces(blocks)), MOST_PASSAGES + 1)
    passages = [_passage(text, group) for group in groups]
    if len(passages) > MOST_PASSAGES:
        raise ParseError("too_large", f"more than {MOST_PASSAGES} passages")
    return passages


def _pieces(blocks: list[Block]) -> Iterator[_Piece]:
    path: list[tuple[int, str]] = []
    clauses = clause_depths(blocks)
    position = 0
    for place, block in enumerate(blocks):
        depth = _depth(block) or clauses.get(place, 0)
        opening = "" if depth else article_opening(block.text)
        if depth:
            path = _path_to(path, depth, block.text)
        elif opening:
            path = _path_to(path, ARTICLE_DEPTH, opening)
        titles = tuple(title for _, title in path)
        whole = _Piece(position, position + len(block.text), block.page, titles, depth)
        yield from (
            [whole] if depth else _split(replace(whole, begins=_begins(block.text, opening)), block.text)
        )
        position += len(block.text) + len(_BLOCK_SEPARATOR)


def _depth(block: Block) -> int:
    if is_article(block.text):
        return ARTICLE_DEPTH
    return block.level if len(block.text) <= LONGEST_HEADING else 0


def _begins(text: str, opening: str) -> int:
    return ARTICLE_DEPTH if opening else CLAUSE_DEPTH if begins_clause(text) else 0


def _path_to(path: list[tuple[int, str]], depth: int, title: str) -> list[tuple[int, str]]:
    return [*((level, above) for level, above in path if level < depth), (depth, " ".join(title.split()))]


def _split(piece: _Piece, text: str) -> Iterator[_Piece]:
    """Cut a long block at line ends or sentence ends, else at a space, else anywhere."""
    start = 0
    while len(text) - start > LONGEST_PASSAGE:
        end = _cut_position(text, start)
        yield replace(piece, start=piece.start + start, end=piece.start + end)
        piece = replace(piece, begins=0)
        following = _NOT_SPACE.search(text, end)
        start = following.start() if following else len(text)
    if start < len(text):
        yield replace(piece, start=piece.start + start)


def _cut_position(text: str, start: int) -> int:
    window = text[start : start + LONGEST_PASSAGE]
    sentence_ends = [match.start() for match in _SENTENCE_END.finditer(window, SHORTEST_PASSAGE)]
    for position in (
        window.rfind("\n", SHORTEST_PASSAGE),
        max(sentence_ends, default=-1),
        window.rfind(" ", 1),
    ):
        if position > 0:
            return start + position
    return start + LONGEST_PASSAGE


def _groups(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    group: list[_Piece] = []
    for piece in pieces:
        if group and _closes(group, piece):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _closes(group: list[_Piece], piece: _Piece) -> bool:
    """Return whether a passage ends before `piece`."""
    length = group[-1].end - group[0].start
    if piece.end - group[0].start > LONGEST_PASSAGE:
        return True
    only_headings = all(member.opens for member in group)
    depth = piece.opens or piece.begins
    if only_headings or not depth:
        return False
    # Clauses lie within an article, and short ones of the same article are read together.
    in_article = any(ARTICLE_DEPTH in (member.opens, member.begins) for member in group)
    if depth == ARTICLE_DEPTH or (in_article and depth < ARTICLE_DEPTH):
        return True
    return length >= SHORTEST_PASSAGE


def _passage(text: str, group: list[_Piece]) -> Passage:
    start, end = group[0].start, group[-1].end
    # Leading headings are there to be read with what they announce: the first body piece says where one is.
    body = next((piece for piece in group if not piece.opens), group[-1])
    return Passage(
        text=text[start:end],
        page=group[0].page,
        heading=_heading(body.path),
        char_start=start,
        char_end=end,
    )


def _heading(path: tuple[str, ...]) -> str:
    while len(heading := HEADING_SEPARATOR.join(path)) > LONGEST_HEADING_PATH:
        path = path[1:]
    return heading
