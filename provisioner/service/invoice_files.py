"""The two files of an invoice, made from what the registry recorded: after a kill, the same bytes again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from provisioner.errors import ProvisionError
from provisioner.filesystem import digest, make_directory, new_file
from provisioner.invoicing.cii import xml
from provisioner.invoicing.invoice import Invoice
from provisioner.invoicing.pdf import factur_x
from provisioner.invoicing.validation import require_valid
from provisioner.registry.bills import Files, Recorded
from provisioner.service.context import Context


class OtherBytes(ProvisionError):
    """A file is missing and this version would write another one than was recorded."""

    code = "other-bytes"


@dataclass(frozen=True, slots=True)
class Places:
    """Where an invoice's files stand."""

    pdf: Path
    xml: Path


@dataclass(frozen=True, slots=True)
class Written:
    """The content of both files, valid."""

    pdf: bytes
    xml: bytes

    @property
    def files(self) -> Files:
        """What is recorded of them."""
        return Files(digest(self.pdf), digest(self.xml))


def made_of(invoice: Invoice) -> Written:
    """Make both files; raises InvalidInvoice or Unprintable, and nothing was numbered then."""
    document = xml(invoice)
    require_valid(document)
    return Written(factur_x(invoice, document), document)


def places(context: Context, number: str) -> Places:
    """Return where an invoice's files stand, or shall."""
    year = number.rpartition("-")[0][-4:]
    folder = context.layout.invoices / year
    return Places(folder / f"{number}.pdf", folder / f"{number}.xml")


def write(context: Context, number: str, written: Written) -> None:
    """Write both files, readable by their owner only; hold the lock."""
    target = places(context, number)
    make_directory(context.layout.invoices, 0o700)
    make_directory(target.pdf.parent, 0o700)
    for path, content in ((target.xml, written.xml), (target.pdf, written.pdf)):
        with new_file(path) as stream:
            stream.write(content)


def missing(context: Context, recorded: Iterable[Recorded]) -> list[Recorded]:
    """Return the invoices of which a file is not there: the command that numbered them was killed."""
    return [one for one in recorded if not _all_there(places(context, one.invoice.number))]


def write_again(context: Context, recorded: Recorded) -> None:
    """Write an invoice's files from what was recorded; hold the lock. Raises OtherBytes."""
    document = xml(recorded.invoice)
    written = Written(factur_x(recorded.invoice, document), document)
    if written.files != recorded.files:
        raise OtherBytes(
            f"A file of invoice {recorded.invoice.number} is missing, and this version would write another.",
            "Put it back from a backup of the host.",
        )
    write(context, recorded.invoice.number, written)


def are_whole(context: Context, recorded: Recorded) -> bool:
    """Say whether both files are there and hold what was recorded."""
    target = places(context, recorded.invoice.number)
    if not _all_there(target):
        return False
    return Files(digest(target.pdf.read_bytes()), digest(target.xml.read_bytes())) == recorded.files


def _all_there(target: Places) -> bool:
    return target.pdf.is_file() and target.xml.is_file()
