"""Read mails (RFC 5322, MIME): subject, who wrote when to whom, the text, and the files that came with it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email import message_from_binary_file, policy
from email.message import Message
from pathlib import Path
from typing import Final

from tenant_app.library.parsing.mail_headers import decoded_text, file_name, header, payload
from tenant_app.library.parsing.protocol import Block, FailureCode, ParseError, Part
from tenant_app.library.parsing.sniffing import HTML, PLAIN_TEXT, NotAccepted, sniffed_media_type

MOST_ATTACHMENTS: Final = 100
MOST_MAILS_WITHIN: Final = 3
"""How deep mails are read that were sent as attachments of mails."""
MOST_PARTS_WITHIN: Final = 20
"""How deep the parts of one mail are followed."""

ReadFile = Callable[[str, Path], Iterator[Part]]

_DEEPEST_LEVEL: Final = 6
_SHOWN_HEADERS: Final = {"From": "De", "To": "À", "Cc": "Cc", "Date": "Date"}
_TEXTS: Final = {"text/plain": PLAIN_TEXT, "text/html": HTML}
_REASONS: Final[dict[FailureCode, str]] = {
    "encrypted": "protégée par un mot de passe",
    "damaged": "endommagée",
    "no_text_layer": "sans texte",
    "too_large": "trop volumineuse",
    "unsupported": "type non accepté",
}


@dataclass
class _Reading:
    """What is shared by the parts of one mail and the mails within it."""

    read: ReadFile
    attachments: int = 0

    def may_read_another(self) -> bool:
        """Count an attachment; return whether it is within the number that are read."""
        self.attachments += 1
        return self.attachments <= MOST_ATTACHMENTS


@dataclass(frozen=True)
class _Place:
    """How deep a part lies: mails around its own, and parts around it in its own."""

    mails: int = 0
    parts: int = 0

    @property
    def level(self) -> int:
        """The heading level of this mail's subject."""
        return 1 + 2 * self.mails


def read_mail(path: Path, read: ReadFile) -> Iterator[Part]:
    """Yield the subject as heading, the headers people read, the text, and each attachment under its name.

    An attachment is read by `read`, as the type its bytes say; one that cannot be read is named with the
    reason. Raises ParseError("damaged") for what is no mail.
    """
    with path.open("rb") as file:
        message = message_from_binary_file(file, policy=policy.compat32)
    if not message.keys():
        raise ParseError("damaged", "the mail has no headers")
    yield from _mail(message, _Place(), _Reading(read))


def _mail(message: Message, place: _Place, reading: _Reading) -> Iterator[Block]:
    subject = header(message, "Subject")
    if subject:
        yield Block(subject, level=min(place.level, _DEEPEST_LEVEL))
    shown = (f"{label} : {header(message, name)}" for name, label in _SHOWN_HEADERS.items() if message[name])
    about = "\n".join(shown)
    if about:
        yield Block(about)
    yield from _part(message, place, reading)


def _part(part: Message, place: _Place, reading: _Reading) -> Iterator[Block]:
    kind = part.get_content_type()
    if place.parts > MOST_PARTS_WITHIN:
        yield _not_read(file_name(part), "too_large")
    elif kind == "message/rfc822":
        yield from _mail_within(part, place, reading)
    elif kind == "multipart/alternative":
        yield from _alternative(part, place, reading)
    elif part.is_multipart():
        for child in _followed(part, kind):
            yield from _part(child, replace(place, parts=place.parts + 1), reading)
    elif _is_attachment(part):
        yield from _attachment(part, place, reading)
    elif kind in _TEXTS:
        yield from _text(part, kind, place, reading)


def _children(part: Message) -> list[Message]:
    parts = part.get_payload()
    return [child for child in parts if isinstance(child, Message)] if isinstance(parts, list) else []


def _followed(part: Message, kind: str) -> list[Message]:
    """Return the parts within a part, without the images that belong to a page: logos, mostly."""
    children = _children(part)
    if kind != "multipart/related":
        return children
    return [child for child in children if child.get_content_maintype() != "image"]


def _alternative(part: Message, place: _Place, reading: _Reading) -> Iterator[Block]:
    """Yield the first of the forms of one text that says anything, the plain one before the others."""
    forms = sorted(_children(part), key=lambda form: form.get_content_type() != "text/plain")
    for form in forms:
        blocks = list(_part(form, replace(place, parts=place.parts + 1), reading))
        if blocks:
            yield from blocks
            return


def _mail_within(part: Message, place: _Place, reading: _Reading) -> Iterator[Block]:
    for mail in _children(part):
        if place.mails >= MOST_MAILS_WITHIN or not reading.may_read_another():
            yield _not_read(header(mail, "Subject") or file_name(part), "too_large")
        else:
            yield from _mail(mail, _Place(mails=place.mails + 1), reading)


def _is_attachment(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(file_name(part))


def _attachment(part: Message, place: _Place, reading: _Reading) -> Iterator[Block]:
    name = file_name(part)
    if not reading.may_read_another():
        yield _not_read(name, "too_large")
        return
    level = place.level + 1
    try:
        with _in_memory(payload(part)) as path:
            media_type = sniffed_media_type(path, name)
            blocks = _within(reading.read(media_type, path), level)
            first = next(blocks, None)
            if first is None:
                raise ParseError("no_text_layer", "the attachment holds no text")
            yield Block(name or "Pièce jointe", level=min(level, _DEEPEST_LEVEL))
            yield first
            yield from blocks
    except NotAccepted as refusal:
        if refusal.reason != "empty":
            yield _not_read(name, "encrypted" if refusal.reason == "encrypted" else "unsupported")
    except ParseError as error:
        yield _not_read(name, error.code)


def _within(parts: Iterator[Part], level: int) -> Iterator[Block]:
    """Yield the blocks of an attachment below its own heading; its pages are no pages of the mail."""
    for part in parts:
        if isinstance(part, Block):
            yield Block(part.text, level=min(part.level + level, _DEEPEST_LEVEL) if part.level else 0)


def _text(part: Message, kind: str, place: _Place, reading: _Reading) -> Iterator[Block]:
    text = decoded_text(payload(part), part.get_content_charset() or "utf-8")
    # The mark says to any reader that what it gets is UTF-8, whatever a page declares about itself.
    with _in_memory(text.encode("utf-8-sig", "replace")) as path:
        yield from _within(reading.read(_TEXTS[kind], path), place.level)


def _not_read(name: str, code: FailureCode) -> Block:
    reason = _REASONS.get(code, _REASONS["damaged"])
    return Block(f"Pièce jointe non lue ({reason}) : {name}" if name else f"Pièce jointe non lue ({reason})")


@contextmanager
def _in_memory(content: bytes) -> Iterator[Path]:
    """Give the bytes a path without putting them on the disk, where a kill would leave them."""
    descriptor = os.memfd_create("attachment")
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
