"""Rules for single values typed by an operator: accepted exactly as typed, or refused with the reason.

Nothing here trims, folds or escapes. A value that passes is one printable line; what a format does
with its quotes and braces is the business of `quoting`.
"""

import re
import unicodedata
from typing import Final

from provisioner.errors import InvalidRequest

_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_MAILBOX: Final = re.compile(r"[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*")
_PHONE: Final = re.compile(r"\+?[0-9](?:[ .()-]{0,2}[0-9]){5,18}")
_SIRET: Final = re.compile(r"[0-9]{14}")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_LOGO: Final = re.compile(r"(/[A-Za-z0-9_-]+)+\.(png|svg|jpg|jpeg|webp)")

#: Unicode categories no one types on purpose in a name: controls, direction overrides and other
#: invisible formatting, lone surrogates, unassigned and private characters, line and paragraph separators.
_UNWANTED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def check_line(field: str, text: str, longest: int) -> None:
    """Refuse what is not one plain line of 1 to `longest` characters."""
    mend = "Give one plain line of text."
    if not text or len(text) > longest:
        raise InvalidRequest(field, f"it holds {len(text)} characters; 1 to {longest} are accepted.", mend)
    if text != text.strip():
        raise InvalidRequest(field, "it begins or ends with a space.", "Remove that space.")
    for character in text:
        if unicodedata.category(character) in _UNWANTED:
            raise InvalidRequest(field, f"it holds the unprintable character U+{ord(character):04X}.", mend)
    if "${" in text:
        raise InvalidRequest(field, "it holds '${', which environment files read as a variable.", mend)
    if text.endswith("\\"):
        raise InvalidRequest(field, "it ends with a backslash, which would swallow what follows it.", mend)


def check_host_name(field: str, text: str) -> None:
    """Refuse what is not a lower-case host name of at most 253 ASCII characters; addresses are none."""
    if len(text) > 253 or not _HOST_NAME.fullmatch(text):
        raise InvalidRequest(
            field,
            f"{text!r} is not a host name in lower-case ASCII letters, digits, '-' and '.'.",
            "Write it as in DNS, for example assistant.cabinet-dupont.fr.",
        )
    if text.rpartition(".")[2].isdigit():
        raise InvalidRequest(field, f"{text!r} is an address, not a host name.", "Give a name.")


def check_email(field: str, text: str) -> None:
    """Refuse what is not a plain e-mail address (no quoted or non-ASCII mailbox names)."""
    mailbox, _, domain = text.rpartition("@")
    if len(mailbox) > 64 or not _MAILBOX.fullmatch(mailbox) or not _HOST_NAME.fullmatch(domain.lower()):
        raise InvalidRequest(
            field, f"{text!r} is not an e-mail address.", "Write it as contact@cabinet-dupont.fr."
        )


def check_siret(field: str, text: str) -> None:
    """Refuse what is not 14 digits. The check digit is not required: document 004's own example has none."""
    _check_shape(_SIRET, field, text, "14 digits without spaces", "12345678901234")


def check_phone(field: str, text: str) -> None:
    """Refuse what is not a telephone number of 6 to 19 digits, with or without separators."""
    _check_shape(_PHONE, field, text, "a telephone number", "01.23.45.67.89")


def check_colour(field: str, text: str) -> None:
    """Refuse what is not a CSS colour of six hexadecimal digits."""
    _check_shape(_COLOUR, field, text, "a colour of six hexadecimal digits", "#2c3e50")


def check_logo(field: str, text: str) -> None:
    """Refuse what is not the path of a picture on the tenant's own site (no other host is ever asked)."""
    if len(text) > 200:
        raise InvalidRequest(field, "it is longer than 200 characters.", "Shorten the path.")
    _check_shape(_LOGO, field, text, "the path of a png, svg, jpg or webp picture", "/static/logo-dupont.png")


def _check_shape(shape: re.Pattern[str], field: str, text: str, wanted: str, example: str) -> None:
    if not shape.fullmatch(text):
        raise InvalidRequest(field, f"{text!r} is not {wanted}.", f"Write it as {example}.")
