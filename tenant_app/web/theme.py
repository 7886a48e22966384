"""The client's colour, made readable: every shade derived from it keeps the contrast WCAG 2.2 AA asks for."""

import colorsys
from typing import Final, NamedTuple

LIGHT_GROUNDS = ("#ffffff", "#f3f4f6", "#eceef1")
DARK_GROUNDS = ("#1a1e23", "#13161a", "#2a3038")
TEXT_CONTRAST = 4.5
SHAPE_CONTRAST = 3.0
FILL_CONTRAST = 1.7
"""Enough to see a filled button; its label, always at TEXT_CONTRAST, is what identifies it."""
_STEPS = 50


class Colour(NamedTuple):
    """An sRGB colour; each channel is 0 to 255."""

    red: int
    green: int
    blue: int

    @classmethod
    def parse(cls, text: str) -> "Colour":
        """Read ``#rrggbb``. Raises ValueError for anything else."""
        if len(text) != 7 or text[0] != "#":
            raise ValueError(f"a colour is #rrggbb, not {text!r}")
        red, green, blue = bytes.fromhex(text[1:])
        return cls(red, green, blue)

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """Relative luminance as WCAG defines it: 0 for black, 1 for white."""
        red, green, blue = (_linear(channel / 255) for channel in self)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def mixed(self, other: "Colour", share: float) -> "Colour":
        """Return this colour with ``share`` (0 to 1) of the other in it."""
        return Colour(*(round(own + (its - own) * share) for own, its in zip(self, other, strict=True)))

    def towards(self, lightness: float, share: float) -> "Colour":
        """Return this hue moved by ``share`` (0 to 1) of the way to ``lightness`` (0 black, 1 white)."""
        hue, own, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in self))
        moved = colorsys.hls_to_rgb(hue, own + (lightness - own) * share, saturation)
        return Colour(*(round(channel * 255) for channel in moved))


BLACK: Final = Colour(0, 0, 0)
WHITE: Final = Colour(255, 255, 255)
INK: Final = Colour.parse("#11151a")


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def contrast(one: Colour, other: Colour) -> float:
    """Return the WCAG contrast ratio of two colours: 1 (the same) to 21 (black on white)."""
    dark, light = sorted((one.luminance, other.luminance))
    return (light + 0.05) / (dark + 0.05)


def readable(colour: Colour, grounds: tuple[Colour, ...], ratio: float) -> Colour:
    """Return the nearest shade of ``colour`` that reaches ``ratio`` on every ground.

    It is darkened on light grounds and lightened on dark ones; black or white is the last resort.
    """
    extreme = 0.0 if grounds[0].luminance > 0.5 else 1.0
    for step in range(_STEPS):
        shade = colour.towards(extreme, step / _STEPS)
        if min(contrast(shade, ground) for ground in grounds) >= ratio:
            return shade
    return colour.towards(extreme, 1.0)


def text_on(fill: Colour) -> Colour:
    """Return white or near-black, whichever reads better on ``fill``."""
    return max(WHITE, INK, key=lambda text: contrast(text, fill))


def stylesheet(client_colour: str) -> str:
    """Return the CSS custom properties of one client, light and dark. ``client_colour`` is ``#rrggbb``."""
    colour = Colour.parse(client_colour)
    light = _properties(colour, LIGHT_GROUNDS, tint_share=0.9)
    dark = _properties(colour, DARK_GROUNDS, tint_share=0.8)
    pairs = (f"--{name}: light-dark({light[name]}, {dark[name]});" for name in light)
    return f":root {{ {' '.join(pairs)} }}\n"


def _properties(colour: Colour, ground_codes: tuple[str, ...], tint_share: float) -> dict[str, Colour]:
    grounds = tuple(Colour.parse(code) for code in ground_codes)
    fill = _solid(readable(colour, grounds[:2], FILL_CONTRAST))
    on_fill = text_on(fill)
    tint = readable(colour, grounds, SHAPE_CONTRAST).mixed(grounds[0], tint_share)
    return {
        "brand": fill,
        # Hovering moves the fill away from its text, never towards it.
        "brand-strong": fill.mixed(BLACK if on_fill.luminance > 0.5 else WHITE, 0.14),
        "on-brand": on_fill,
        "brand-tint": tint,
        "brand-text": readable(colour, (*grounds, tint), TEXT_CONTRAST),
    }


def _solid(fill: Colour) -> Colour:
    """Return ``fill``, darkened if need be until white or near-black is readable on it."""
    while contrast(text_on(fill), fill) < TEXT_CONTRAST:
        fill = fill.mixed(BLACK, 0.04)
    return fill
