"""Writes one value into one file format so that the format reads exactly that value back.

Each filter returns `Quoted`, the only text a template may print (see `render`): a forgotten filter
fails the rendering instead of opening an injection. What a format cannot express is refused with
ValueError; values from clients were judged long before, so that is a defect, not a user's mistake.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Final


class Quoted(str):
    """Text that is safe to print into the format it was quoted for."""

    __slots__ = ()


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:@/*-]+")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_MARKDOWN: Final = re.compile(r"[\\`*_\[\]<~|]|&(?=#?\w+;)|#(?=#*$)")
_INI_COMMENT: Final = re.compile(r"(^|\s)[;#]")


def dotenv(value: str) -> Quoted:
    r"""Quote for `.env`: read alike by python-dotenv without interpolation and by systemd.

    Both know `\\` and `\"` between double quotes. Neither is ever handed `${`.
    """
    _refuse_control(value)
    if "${" in value:
        raise ValueError(f"{value!r} holds '${{', which some readers of .env files expand")
    return Quoted(_in_double_quotes(value))


def nginx(value: str) -> Quoted:
    """Quote one nginx parameter. `$` has no escape in nginx and is refused."""
    _refuse_control(value)
    if "$" in value:
        raise ValueError(f"{value!r} holds '$', which nginx reads as a variable")
    return Quoted(_in_double_quotes(value))


def systemd(value: str) -> Quoted:
    """Quote one word of a unit directive that splits its value into words, such as ReadWritePaths=."""
    _refuse_control(value)
    return Quoted(_in_double_quotes(value).replace("%", "%%"))


def systemd_command(argv: Iterable[str]) -> Quoted:
    """Quote ExecStart='s words, where `$` also begins a variable."""
    return Quoted(" ".join(systemd(word).replace("$", "$$") for word in argv))


def systemd_line(value: str) -> Quoted:
    """Quote the rest of a directive that takes it whole, such as LoadCredential='s path."""
    _refuse_control(value)
    if value != value.strip() or value.endswith("\\"):
        raise ValueError(f"{value!r} begins or ends with what a unit file drops")
    return Quoted(value.replace("%", "%%"))


def supervisor(value: str) -> Quoted:
    """Quote one value of supervisord's INI file. What reads as a comment there is refused."""
    _refuse_control(value)
    if value != value.strip() or _INI_COMMENT.search(value):
        raise ValueError(f"{value!r} holds what supervisord drops as space or comment")
    return Quoted(value.replace("%", "%%"))


def supervisor_command(argv: Iterable[str]) -> Quoted:
    """Quote a command line for supervisord, which splits it like a shell but runs none."""
    return supervisor(shlex.join(argv))


def supervisor_environment(variables: Mapping[str, str]) -> Quoted:
    """Quote `environment=`; supervisord knows no escape there, and strips all quotes at the ends."""
    for value in variables.values():
        if '"' in value or value != value.strip("'"):
            raise ValueError(f"{value!r} holds a quote that supervisord's environment= cannot express")
    return Quoted(",".join(f'{plain(key)}="{supervisor(value)}"' for key, value in variables.items()))


def colour(value: str) -> Quoted:
    """Let through a colour as CSS and TOML hold it between quotes: `#` and six hexadecimal digits."""
    if not _COLOUR.fullmatch(value):
        raise ValueError(f"{value!r} is no colour of six hexadecimal digits")
    return Quoted(value)


def markdown(value: str) -> Quoted:
    """Quote one line of Markdown that stands behind other words of its line, outside of code."""
    _refuse_control(value)
    return Quoted(_MARKDOWN.sub(r"\\\g<0>", value))


def line(value: str) -> Quoted:
    """Let through the rest of a line of plain text, which has no signs of its own."""
    _refuse_control(value)
    return Quoted(value)


def plain(value: object) -> Quoted:
    """Let through what is the same in every format: letters, digits and `_ . : @ / * -`."""
    text = str(value)
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"{text!r} is no plain word")
    return Quoted(text)


FILTERS: Final[dict[str, Callable[..., Quoted]]] = {
    quote.__name__: quote
    for quote in (
        dotenv,
        nginx,
        systemd,
        systemd_command,
        systemd_line,
        supervisor,
        supervisor_command,
        supervisor_environment,
        colour,
        markdown,
        line,
        plain,
    )
}


def _in_double_quotes(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _refuse_control(value: str) -> None:
    if _CONTROL.search(value):
        raise ValueError(f"{value!r} holds a control character or line separator")
