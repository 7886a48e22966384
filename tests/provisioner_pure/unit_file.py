"""systemd's rules for a unit file: lines and continuations, specifiers, words with quotes.

Written after config_parse() and extract_first_word() (EXTRACT_UNQUOTE | EXTRACT_CUNESCAPE) of systemd.
"""

import re
from typing import Final

_CUNESCAPED: Final = {"\\": "\\", '"': '"', "'": "'", "s": " ", "n": "\n", "t": "\t", "r": "\r"}


def parse_unit(text: str) -> dict[str, list[tuple[str, str]]]:
    """Return section → [(directive, raw value)] in the order of the file."""
    sections: dict[str, list[tuple[str, str]]] = {}
    section: list[tuple[str, str]] = []
    for line in _lines(text):
        if line.startswith("["):
            section = sections.setdefault(line[1:-1], [])
        else:
            name, _, value = line.partition("=")
            section.append((name.strip(), value.strip()))
    return sections


def _lines(text: str) -> list[str]:
    whole = re.sub(r"^[ \t]*[#;].*\n", "", text, flags=re.MULTILINE)
    joined = whole.replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip()]


def expand_specifiers(value: str) -> str:
    """Return the value with `%%` read as `%`; any other specifier is an injection and fails."""
    assert not re.search(r"%(?!%)", value.replace("%%", "")), value
    return value.replace("%%", "%")


def split_words(value: str) -> list[str]:
    """Return the words of a value, quotes and C escapes resolved; an open quote or bad escape fails."""
    words: list[str] = []
    word, quote, escaped, inside = "", "", False, False
    for character in value:
        if escaped:
            word, escaped = word + _CUNESCAPED[character], False
        elif character == "\\":
            escaped = inside = True
        elif quote:
            word, quote = (word, "") if character == quote else (word + character, quote)
        elif character in "\"'":
            quote, inside = character, True
        elif character in " \t":
            words, word, inside = ([*words, word] if inside else words), "", False
        else:
            word, inside = word + character, True
    assert not quote, value
    assert not escaped, value
    return [*words, word] if inside else words
