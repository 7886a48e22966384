"""Make the characters of any format the ones people type: no ligatures, soft hyphens or invisible marks."""

import re
import unicodedata

_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_SPACES = dict.fromkeys(
    "\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\v\f\x1c\x1d\x1e\x1f", " "
)
# Soft hyphens, zero-width marks, byte order marks; U+FFFE and U+0002 are how PDFium marks a word cut at a
# line's end, so dropping them joins the word again.
_INVISIBLE = dict.fromkeys("\u00ad\u200b\u2060\ufeff\ufffe\x02", None)
_TABLE = str.maketrans({**_LIGATURES, **_SPACES, **_INVISIBLE})
# Control characters and lone surrogates mean nothing in a text, and SQLite cannot store the latter.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\uffff]")
_RUNS_OF_SPACES = re.compile(r" {2,}")


def normalise(text: str) -> str:
    """Return `text` composed (NFC), with plain spaces; line ends are kept as ``\\n``."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    plain = _UNPRINTABLE.sub("", lines.translate(_TABLE))
    return _RUNS_OF_SPACES.sub(" ", unicodedata.normalize("NFC", plain))


def one_line(text: str) -> str:
    """Return normalised `text` with every run of white space as one space."""
    return " ".join(normalise(text).split())
