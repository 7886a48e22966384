"""Factur-X: what the schema and both Schematrons accept and refuse, and what people read."""

from __future__ import annotations

import io
import json
from datetime import date

import pypdfium2
import pytest
from facturx import get_xml_from_pdf
from pydantic import ValidationError

from provisioner.errors import InvalidConfiguration, InvalidRequest
from provisioner.host import Vendor
from provisioner.invoicing import mentions
from provisioner.invoicing.agreements import Customer
from provisioner.invoicing.cii import xml
from provisioner.invoicing.invoice import Invoice, Numbering, credit
from provisioner.invoicing.lines import Line
from provisioner.invoicing.parties import NotBillable, buyer, seller
from provisioner.invoicing.pdf import Unprintable, factur_x, typeset
from provisioner.invoicing.validation import InvalidInvoice, require_valid
from tests.provisioner_pure.invoice_samples import CUSTOMER, VENDOR, invoice, plan_line


def everything() -> tuple[Line, ...]:
    """A plan that changed, an option, units beyond the plan, documents taken in, something agreed on."""
    middle, last = date(2026, 1, 10), date(2026, 1, 31)
    return (
        plan_line(title="Abonnement Starter", unit="piece", unit_cents=2_874,
                  last_day=date(2026, 1, 9), detail="9 jours sur 31"),
        plan_line(unit="piece", unit_cents=21_220, first_day=middle, detail="22 jours sur 31"),
        plan_line(code="extra-key", title="Clé API supplémentaire", quantity=2, unit_cents=5_000),
        plan_line(code="overage-requests", title="Questions au-delà du forfait", quantity=1_250,
                  unit="piece", unit_cents=5, detail="11\u202f250 comptées, 10\u202f000 comprises"),
        plan_line(code="ingestion", title="Ajout de documents par nos soins", quantity=3, unit="piece",
                  unit_cents=15_000, first_day=middle, last_day=middle, detail="23 documents"),
        plan_line(code="quote", title="Formation sur site, devis D-2026-04", unit="piece", unit_cents=120_000,
                  first_day=last, last_day=last),
    )  # fmt: skip


def a_credit_note(original: Invoice, amount: int | None = None) -> Invoice:
    return credit(Numbering("2026-00002", date(2026, 2, 3)), original, [], amount, "Service interrompu")


KINDS = {
    "plain": lambda: invoice(),
    "everything": lambda: invoice(*everything()),
    "credit": lambda: a_credit_note(invoice()),
    "part": lambda: a_credit_note(invoice(), 10_001),
    "exempt": lambda: invoice(vat_franchise=True, vat_number=""),
    "exempt credit": lambda: a_credit_note(invoice(vat_franchise=True, vat_number="")),
    "no bank": lambda: invoice(iban="", bic="", phone=""),
    "another rate": lambda: invoice(*everything(), vat_rate="8.5"),
}


_TAX_NUMBER = b"""\
        <ram:SpecifiedTaxRegistration>
          <ram:ID schemeID="VA">FR32123456789</ram:ID>
        </ram:SpecifiedTaxRegistration>
"""


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_and_both_schematrons_accept_it(kind: str) -> None:
    require_valid(xml(KINDS[kind]()))


@pytest.mark.parametrize(
    ("now", "wrong", "rule"),
    [
        (b"<ram:GrandTotalAmount>358.80<", b"<ram:GrandTotalAmount>358.81<", "BR-CO-15"),
        (b"<ram:DuePayableAmount>358.80<", b"<ram:DuePayableAmount>358.79<", "BR-CO-16"),
        (b"<ram:LineTotalAmount>299.00</ram:LineTotalAmount>\n        <ram:TaxBasis",
         b"<ram:LineTotalAmount>299.01</ram:LineTotalAmount>\n        <ram:TaxBasis", "BR-CO-10"),
        (_TAX_NUMBER, b"", "BR-S-02"),
        (b'unitCode="MON"', b'unitCode="MOON"', "@unitCode"),
        (b"<ram:SubjectCode>PMT<", b"<ram:SubjectCode>AAI<", "BR-FR-05"),
        (b"<ram:CountryID>FR<", b"<ram:CountryID><", "BR-"),
        (b"<ram:CityName>", b"<ram:Town>", "XML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(now: bytes, wrong: bytes, rule: str) -> None:
    right = xml(invoice())
    assert now in right
    with pytest.raises(InvalidInvoice) as refused:
        require_valid(right.replace(now, wrong))
    assert any(rule in problem for problem in refused.value.problems), refused.value.problems


def test_a_value_whose_total_is_off_by_a_cent_is_no_invoice() -> None:
    told = json.loads(invoice().canonical())
    for key in ("net_cents", "vat_cents"):
        with pytest.raises(ValidationError, match=r"do not add up|not that of the sum"):
            Invoice.model_validate({**told, key: told[key] + 1})


@pytest.mark.parametrize("key", ["name", "legal_form", "rcs", "siret", "email", "vat_number", "address"])
def test_what_the_vendor_has_not_written_down_is_named(key: str) -> None:
    vendor = Vendor.model_validate({**VENDOR.model_dump(), key: ""})
    with pytest.raises(InvalidConfiguration, match=f"host.yaml: vendor.{key}"):
        seller(vendor, "host.yaml")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"siret": ""}, "dupont has no SIRET"),
        ({"address": ""}, "dupont has no address"),
        ({"address": "Paris"}, "street, postcode and town"),
    ],
)
def test_a_client_without_siren_or_address_is_billed_by_nobody(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(NotBillable, match=said) as refused:
        buyer("dupont", Customer.model_validate({**CUSTOMER.model_dump(), **wrong}))
    assert "provision set dupont" in refused.value.mend


def test_credit_notes_never_come_to_more_than_the_invoice_and_together_to_all_of_it() -> None:
    original = invoice(plan_line(unit_cents=10_003))
    numbers = (Numbering(f"2026-0000{number}", date(2026, 2, 3)) for number in range(2, 6))
    notes: list[Invoice] = []
    for amount in (3_333, 3_333, None):
        notes.append(credit(next(numbers), original, notes, amount, "Geste commercial"))
        require_valid(xml(notes[-1]))
    assert sum(one.gross_cents for one in notes) == original.gross_cents
    for amount in (None, 1):
        with pytest.raises(InvalidRequest, match=r"0\.00 € of 2026-00001 are left"):
            credit(Numbering("2026-00005", date(2026, 2, 3)), original, notes, amount, "Encore")
    with pytest.raises(InvalidRequest, match="is a credit note itself"):
        credit(Numbering("2026-00005", date(2026, 2, 3)), notes[0], [], None, "Encore")


def test_the_pdf_is_the_same_bytes_again_and_carries_the_xml() -> None:
    value = invoice(*everything())
    pdf = factur_x(value, xml(value))
    again = Invoice.model_validate_json(value.canonical())
    assert factur_x(again, xml(again)) == pdf
    assert get_xml_from_pdf(pdf, check_xsd=False) == ("factur-x.xml", xml(value))
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf
    assert b"<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in pdf


def read(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return " ".join(" ".join(pages).replace("\u202f", " ").split())


def test_people_read_every_mention_the_law_wants() -> None:
    text = read(typeset(invoice(*everything()), "pdf"))
    for mention in (
        "Facture n° 2026-00001", "1er février 2026", "3 mars 2026", "du 1er au 31 janvier 2026",
        "Cabinet Dupont & Associés", "SIREN 987 654 321", "SAS au capital de 10 000 €",
        "RCS Paris 123 456 789", "SIRET 123 456 789 01234",
        "TVA intracommunautaire FR32123456789", "TVA 20 %", "Total HT 2 053,44 €",
        "410,69 €", "2 464,13 €", "trois fois le taux d'intérêt légal", "40 €", "Pas d’escompte",
        "prestations de services", "FR76 3000 6000 0112 3456 7890 189", "23 documents",
    ):  # fmt: skip
        assert mention in text, mention


def test_without_vat_the_article_is_named_and_no_rate() -> None:
    text = read(typeset(invoice(vat_franchise=True, vat_number=""), "pdf"))
    assert mentions.FRANCHISE in text
    assert "TVA 20" not in text
    assert "intracommunautaire" not in text


def test_a_credit_note_names_its_invoice_and_the_reason() -> None:
    text = read(typeset(a_credit_note(invoice()), "pdf"))
    assert "Avoir n° 2026-00002" in text
    assert "n° 2026-00001 du 1er février 2026" in text
    assert "Service interrompu" in text


def test_a_text_is_never_typst_and_an_invoice_may_have_many_pages() -> None:
    hostile = '#panic("x") $ \\ " ]] *gras* // ${HOME} <script>'
    lines = [plan_line(title=hostile, code=str(number)) for number in range(60)]
    text = read(typeset(invoice(*lines), "pdf"))
    assert hostile.replace("  ", " ") in text
    assert "Facture 2026-00001 · page 2 / 3" in text
    require_valid(xml(invoice(*lines)))


def test_letters_no_font_has_are_told() -> None:
    with pytest.raises(Unprintable, match="dupont cannot be set"):
        typeset(invoice(plan_line(title="株式会社")), "pdf")


@pytest.mark.parametrize(
    ("key", "value"),
    [("iban", "FR7630006000011234567890188"), ("vat_rate", "0"), ("payment_days", "61"), ("bic", "X")],
)
def test_figures_of_the_vendor_that_cannot_be_are_refused(key: str, value: str) -> None:
    with pytest.raises(ValidationError):
        Vendor.model_validate({**VENDOR.model_dump(), key: value})


def test_a_rate_may_have_decimals() -> None:
    assert invoice(vat_rate="5.5").vat_cents == 1_645
