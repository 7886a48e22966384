"""A vendor, a client, and what was agreed between them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from provisioner.host import Vendor
from provisioner.invoicing.agreements import Agreement, Customer, Term
from provisioner.invoicing.invoice import Invoice, Numbering, draw_up
from provisioner.invoicing.lines import CountedUsage, Line, Source
from provisioner.invoicing.months import Month
from provisioner.invoicing.parties import Buyer, Seller, buyer, seller
from provisioner.usage_files import UsageRecord

VENDOR = Vendor(
    name="Exemple Services",
    legal_form="SAS au capital de 10 000 €",
    address="1 rue de l'Exemple, 75001 Paris",
    siret="12345678901234",
    vat_number="FR32123456789",
    email="contact@exemple.fr",
    phone="01 23 45 67 89",
    rcs="RCS Paris 123 456 789",
    iban="FR7630006000011234567890189",
    bic="AGRIFRPP",
)
CUSTOMER = Customer(
    name="Cabinet Dupont & Associés",
    siret="98765432101234",
    address="123 Rue de la Justice, 75001 Paris",
    email="contact@cabinet-dupont.fr",
)


def agreement(**more: Any) -> Agreement:
    known = {
        "plan": "professional",
        "title": "Professionnel",
        "price_cents": 29_900,
        "customer": CUSTOMER,
        "billed": True,
    }
    return Agreement.model_validate({**known, **more})


def term(number: int, since: datetime, **more: Any) -> Term:
    return Term(number, "dupont", 1, since, agreement(**more))


def noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def parties(**vendor: Any) -> tuple[Seller, Buyer]:
    known = Vendor.model_validate({**VENDOR.model_dump(), **vendor})
    return seller(known, "host.yaml"), buyer("dupont", CUSTOMER)


def invoice(*lines: Line, number: str = "2026-00001", **vendor: Any) -> Invoice:
    numbering = Numbering(number, date(2026, 2, 1))
    return draw_up(numbering, "dupont", Month(2026, 1), parties(**vendor), lines or (plan_line(),), None)


def plan_line(**more: Any) -> Line:
    known = {
        "code": "plan",
        "title": "Abonnement Professionnel",
        "quantity": 1,
        "unit": "month",
        "unit_cents": 29_900,
        "first_day": date(2026, 1, 1),
        "last_day": date(2026, 1, 31),
        "source": Source(terms=(1,)),
    }
    return Line.model_validate({**known, **more})


def usage(month: str = "2026-01", **more: Any) -> CountedUsage:
    record = UsageRecord(
        client_id="dupont",
        month=month,
        analyses_used=0,
        analyses_limit=500,
        users_active=8,
        users_limit=10,
        overage_fees=Decimal("0.00"),
        total_due=Decimal("299.00"),
        requests_used=0,
        requests_limit=10_000,
        tokens_in=0,
        tokens_out=0,
        llm_cost=Decimal("0.00"),
        documents=3,
        storage_bytes=10,
        updated_at=noon(2026, 1, 31),
    )
    return CountedUsage(record.model_copy(update=more), "ab" * 32)
