"""systemd's rules for EnvironmentFile=, written after parse_env_file_internal() in its src/basic/env-file.c.

Values are taken apart by a state machine of the same states; what differs from a shell (a `#` begins a
comment only at the start of a line, `$` is nothing special, spaces at the end of a bare value are dropped)
is what makes a second reader worth having.
"""

from collections.abc import Iterator
from typing import Final

_ESCAPABLE_IN_DOUBLE_QUOTES: Final = '"\\`$'
_BLANK: Final = " \t"
_NEWLINE: Final = "\n\r"


class _Reader:
    def __init__(self, text: str) -> None:
        self._rest: Iterator[str] = iter(text)

    def variables(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for character in self._rest:
            if character in "#;":
                self._skip_comment()
            elif character not in _BLANK + _NEWLINE:
                key = self._key(character)
                if key is not None:
                    found[key.rstrip(_BLANK)] = self._value()
        return found

    def _skip_comment(self) -> None:
        for character in self._rest:
            if character == "\\":
                next(self._rest, None)
            elif character in _NEWLINE:
                return

    def _key(self, first: str) -> str | None:
        key = first
        for character in self._rest:
            if character == "=":
                return key
            if character in _NEWLINE:
                return None
            key += character
        return None

    def _value(self) -> str:
        value, kept = "", 0
        started = False
        for character in self._rest:
            if character in _NEWLINE:
                break
            if not started and character in _BLANK:
                continue
            started = True
            if character == "'":
                value += self._single_quoted()
                kept = len(value)
            elif character == '"':
                value += self._double_quoted()
                kept = len(value)
            elif character == "\\":
                value += self._escaped()
                kept = len(value)
            else:
                value += character
                kept = kept if character in _BLANK else len(value)
        return value[:kept]

    def _escaped(self) -> str:
        character = next(self._rest, "")
        return "" if character in _NEWLINE else character

    def _single_quoted(self) -> str:
        text = ""
        for character in self._rest:
            if character == "'":
                break
            text += character
        return text

    def _double_quoted(self) -> str:
        text = ""
        for character in self._rest:
            if character == '"':
                break
            if character != "\\":
                text += character
                continue
            escaped = next(self._rest, "")
            if escaped in _ESCAPABLE_IN_DOUBLE_QUOTES:
                text += escaped
            elif escaped != "\n":
                text += "\\" + escaped
        return text


def parse_environment_file(text: str) -> dict[str, str]:
    """Return what systemd would put into the environment from this EnvironmentFile=."""
    return _Reader(text).variables()
