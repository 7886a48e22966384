"""Judges a client's logo by its content: a small PNG, JPEG, WebP or SVG picture, or refused with the reason.

An SVG is a document that a browser runs: only drawing is let through, nothing that acts or leads elsewhere.
Nothing is cleaned.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final, NoReturn
from xml.parsers import expat

from provisioner.errors import InvalidRequest

LARGEST_BYTES: Final = 500_000
_FIELD: Final = "logo"
_MEND: Final = "Give a PNG, JPEG, WebP or plain SVG picture of at most 500 kB."
_SVG: Final = "http://www.w3.org/2000/svg"
_SHAPES: Final = """
    svg g path rect circle ellipse line polyline polygon text tspan defs symbol use title desc metadata style
    linearGradient radialGradient stop clipPath mask pattern filter feGaussianBlur feOffset feBlend feFlood
    feColorMatrix feComposite feMerge feMergeNode
"""
_DRAWING: Final = frozenset(_SHAPES.split())
#: What a browser acts on wherever it stands, among an editor's notes too.
_LIVE: Final = frozenset({"", _SVG, "http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML"})
_LEADS_AWAY: Final = re.compile(
    r"url\((?!\s*[\"']?\s*#)|//|@import|\\|script:|data:|expression\(", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that passed: its bytes, and a file name that changes when they do."""

    name: str
    content: bytes = field(repr=False)


def judge(content: bytes) -> Picture:
    """Return the picture; raises InvalidRequest for one too large, of another kind, or that does more."""
    if len(content) > LARGEST_BYTES:
        _refuse(f"it is larger than {LARGEST_BYTES // 1000} kB")
    suffix = _kind(content)
    return Picture(f"logo-{hashlib.sha256(content).hexdigest()[:12]}.{suffix}", content)


def _kind(content: bytes) -> str:
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if b"<svg" in content[:4096]:
        _Drawing().read(content)
        return "svg"
    return _refuse("its content is no picture of a known kind")


class _Drawing:
    """Reads an SVG and refuses the first thing that is no drawing."""

    def __init__(self) -> None:
        self._inside: list[str] = []
        self._style = ""
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._begins
        self._parser.EndElementHandler = self._ends
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = lambda *_: _refuse("the SVG declares a document type")
        self._parser.ProcessingInstructionHandler = lambda *_: _refuse("the SVG holds an instruction")

    def read(self, content: bytes) -> None:
        try:
            self._parser.Parse(content, True)  # noqa: FBT003 - expat's own way to say that this is all
        except expat.ExpatError as error:
            _refuse(f"the SVG is not well formed ({error})")

    def _begins(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if not self._inside and (space, local) != (_SVG, "svg"):
            _refuse("the SVG's outermost element is not svg")
        is_note = "metadata" in self._inside and space not in _LIVE
        self._inside.append(local)
        if is_note:
            return
        if space != _SVG or local not in _DRAWING:
            _refuse(f"the SVG holds the element {local!r}, which is no plain drawing")
        for attribute, value in attributes.items():
            _check_attribute(attribute.rpartition(" ")[2], value)

    def _text(self, text: str) -> None:
        """Text comes in pieces; a comment may stand between two."""
        if self._inside[-1] == "style":
            self._style += text

    def _ends(self, _name: str) -> None:
        self._inside.pop()
        _check_attribute("style", self._style)


def _check_attribute(name: str, value: str) -> None:
    if name.lower().startswith("on"):
        _refuse(f"the SVG holds the script attribute {name!r}")
    if name == "href" and not value.startswith("#"):
        _refuse("the SVG refers to something outside itself")
    if _LEADS_AWAY.search(value):
        _refuse(f"the SVG's {name!r} leads outside the picture")


def _refuse(reason: str) -> NoReturn:
    raise InvalidRequest(_FIELD, f"{reason}.", _MEND)
