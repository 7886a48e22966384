"""Shades of a client's colour that can be read: the contrasts are those of WCAG 2.2, level AA."""

from __future__ import annotations

from typing import Final

TEXT_CONTRAST: Final = 4.5
_WHITE: Final = "#ffffff"
_BLACK: Final = "#000000"
_STEPS: Final = 50


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours `#rrggbb`: 1 (the same) to 21 (black on white)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, *grounds: str) -> str:
    """Return the nearest shade of a colour in which text can be read on every one of these grounds.

    It is darkened on light grounds and lightened on dark ones.
    """
    towards = _BLACK if _luminance(grounds[0]) > 0.5 else _WHITE
    shades = (mixed(colour, towards, step / _STEPS) for step in range(_STEPS))
    fitting = (one for one in shades if min(contrast(one, ground) for ground in grounds) >= TEXT_CONTRAST)
    return next(fitting, towards)


def text_on(fill: str) -> str:
    """Return white or black, whichever reads better on a fill: one of them always can be read."""
    return max(_WHITE, _BLACK, key=lambda text: contrast(text, fill))


def mixed(one: str, other: str, share: float) -> str:
    """Return a colour with a share (0 to 1) of another in it."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(own + (its - own) * share):02x}" for own, its in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _channels(colour: str) -> bytes:
    return bytes.fromhex(colour.removeprefix("#"))
