"""Read the XML parts of Office and OpenDocument packages, behind guards against bombs and entities."""

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final, cast

from lxml import etree

from tenant_app.library.parsing.protocol import ParseError

MOST_XML_BYTES: Final = 40 * 1024 * 1024
"""Inflated size of a part read as a whole; a 1,000-page contract is about 20 MB."""
MOST_STREAMED_BYTES: Final = 400 * 1024 * 1024
"""Inflated size of a part of which one element at a time is in memory: a sheet of some million cells."""

Element = etree._Element


def has_part(package: zipfile.ZipFile, name: str) -> bool:
    """Return whether the package has a part of this name."""
    return name in package.NameToInfo


def xml_part(package: zipfile.ZipFile, name: str) -> Element:
    """Return the root of one part, all of it in memory.

    What its directory entry declares and what it really inflates to are both bounded. Raises ParseError:
    ``damaged`` (missing, not well-formed, a document type), ``too_large``.
    """
    part = _BoundedPart(package, name, MOST_XML_BYTES)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.parse(cast(IO[bytes], part), parser).getroot()
    except etree.XMLSyntaxError as error:
        raise ParseError("damaged", f"{name} is not well-formed: {error}") from error
    finally:
        part.close()
    _refuse_document_type(root, name)
    return root


def streamed_elements(package: zipfile.ZipFile, name: str, *tags: str) -> Iterator[Element]:
    """Yield each whole element of one of the tags, which is emptied when the next one is asked for.

    The tags must not lie within each other. Raises what ``xml_part`` raises.
    """
    part = _BoundedPart(package, name, MOST_STREAMED_BYTES)
    try:
        events = etree.iterparse(
            cast(IO[bytes], part),
            events=("end",),
            tag=tags,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
        )
        checked = False
        for _, element in events:
            if not checked:
                _refuse_document_type(element, name)
                checked = True
            yield element
            _forget(element)
        if not checked:
            _refuse_document_type(events.root, name)
    except etree.XMLSyntaxError as error:
        raise ParseError("damaged", f"{name} is not well-formed: {error}") from error
    finally:
        part.close()


def _refuse_document_type(element: Element, name: str) -> None:
    # Office programs write none: one is there to define entities, and those to make a bomb or to read files.
    if element.getroottree().docinfo.internalDTD is not None:
        raise ParseError("damaged", f"{name} declares a document type")


def _forget(element: Element) -> None:
    """Free an element and those before it; they would otherwise stay until the end of the part."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


class _BoundedPart:
    """An inflated part as lxml reads it; beyond `most` bytes, and where it is damaged, reading raises."""

    def __init__(self, package: zipfile.ZipFile, name: str, most: int) -> None:
        entry = package.NameToInfo.get(name)
        if entry is None:
            raise ParseError("damaged", f"{name} is missing")
        if entry.file_size > most:
            raise ParseError(
                "too_large", f"{name} inflates to {entry.file_size} bytes, at most {most} are read"
            )
        self._name = name
        self._left = most
        try:
            self._file = package.open(entry)
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
            raise ParseError("damaged", f"{name} cannot be opened: {error}") from error

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        try:
            data = self._file.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise ParseError("damaged", f"{self._name} cannot be inflated: {error}") from error
        self._left -= len(data)
        if self._left < 0:
            raise ParseError("too_large", f"{self._name} inflates to more than it declares")
        return data

    def close(self) -> None:
        """Let the part go."""
        self._file.close()
