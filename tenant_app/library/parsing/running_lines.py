"""Find the lines that stand on every page of a document: running titles, page numbers."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from tenant_app.library.parsing.structure import heading_level

_FEWEST_PAGES: Final = 4
_SHARE_OF_PAGES: Final = 0.6
_EDGE_LINES: Final = 3
"""So many lines at the top and at the bottom of a page can be running ones."""
_LONGEST: Final = 150
_NUMBER: Final = re.compile(r"\d+")


def without_running_lines(pages: Sequence[str]) -> list[str]:
    """Return the pages without the lines that most of them have at their top or bottom.

    Each stays where it stands first, so that nothing said only there is lost. A line with a number is the
    same on each page when the number goes with the page: "Page 3 of 12".
    """
    if len(pages) < _FEWEST_PAGES:
        return list(pages)
    edges = [_edges(page.split("\n")) for page in pages]
    counted = Counter(key for number, lines in enumerate(edges) for key in _keys_of_page(lines, number))
    written = sum(1 for lines in edges if lines)
    needed = max(_FEWEST_PAGES, written * _SHARE_OF_PAGES)
    running = {key for key, count in counted.items() if count >= needed}
    seen: set[str] = set()
    return [_without(page, edges[number], number, running, seen) for number, page in enumerate(pages)]


def _edges(lines: Sequence[str]) -> dict[int, str]:
    """Return the first and last lines of a page, by their place in it."""
    written = [place for place, line in enumerate(lines) if line.strip()]
    places = {*written[:_EDGE_LINES], *written[-_EDGE_LINES:]}
    return {
        place: line
        for place in sorted(places)
        if len(line := lines[place].strip()) <= _LONGEST and not heading_level(line)
    }


def _keys_of_page(lines: dict[int, str], number: int) -> set[str]:
    return {key for line in lines.values() for key in _keys(line, number)}


def _keys(line: str, number: int) -> Iterator[str]:
    """Yield what a line is counted as: itself, and itself with one of its numbers counted from the page's."""
    yield line
    for figure in _NUMBER.finditer(line):
        if len(figure[0]) <= 5:
            yield f"{line[: figure.start()]}\0{int(figure[0]) - number}\0{line[figure.end() :]}"


def _without(page: str, edges: dict[int, str], number: int, running: set[str], seen: set[str]) -> str:
    kept = []
    for place, line in enumerate(page.split("\n")):
        known = running.intersection(_keys(edges[place], number)) if place in edges else set()
        if not known or not known <= seen:
            kept.append(line)
        seen |= known
    return "\n".join(kept)
