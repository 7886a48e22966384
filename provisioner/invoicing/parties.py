"""Who sells and who buys, complete enough for a French invoice between businesses, or refused.

Code de commerce, articles L441-9, R123-237 and R123-238; CGI, annexe II, article 242 nonies A. The
Schematron lets a missing SIREN of the buyer pass; we do not.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from pydantic import BaseModel, ConfigDict

from provisioner.errors import InvalidConfiguration, Refused
from provisioner.host import Vendor
from provisioner.invoicing.agreements import Customer

_ADDRESS: Final = re.compile(r"(?P<street>.+),\s+(?P<postcode>[0-9]{5})\s+(?P<city>.+)")
_ADDRESS_EXAMPLE: Final = "1 rue de l'Exemple, 75001 Paris"
_REQUIRED: Final = ("name", "legal_form", "rcs", "siret", "email")


class NotBillable(Refused):
    """A client has something to pay and cannot be sent an invoice."""

    code = "not-billable"


class _Party(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    siret: str
    street: str
    postcode: str
    city: str
    email: str

    @property
    def siren(self) -> str:
        """The company's number, of which the establishment's begins."""
        return self.siret[:9]


class Buyer(_Party):
    """The client."""


class Seller(_Party):
    """The vendor. Without `vat_number` it charges no VAT (CGI, article 293 B); `vat_rate` in percent."""

    legal_form: str
    rcs: str
    vat_number: str
    vat_rate: Decimal
    phone: str
    iban: str
    bic: str
    payment_days: int
    late_payment_rate: str


def seller(vendor: Vendor, host_file: str) -> Seller:
    """Return the vendor as host.yaml has it; raises InvalidConfiguration naming the key that is missing."""
    for key in _REQUIRED:
        if not getattr(vendor, key):
            raise _missing(host_file, key, "an invoice must show it and it is empty.")
    if not vendor.vat_number and not vendor.vat_franchise:
        raise _missing(
            host_file,
            "vat_number",
            "it is empty.",
            " A vendor that charges no VAT sets `vat_franchise: true`.",
        )
    found = _ADDRESS.fullmatch(vendor.address)
    if not found:
        raise _missing(host_file, "address", f"{vendor.address!r} has no street, postcode and town.")
    exempt = vendor.vat_franchise
    return Seller(
        name=vendor.name,
        siret=vendor.siret,
        **found.groupdict(),
        email=vendor.email,
        phone=vendor.phone,
        legal_form=vendor.legal_form,
        rcs=vendor.rcs,
        vat_number="" if exempt else vendor.vat_number,
        vat_rate=Decimal(0) if exempt else vendor.vat_rate,
        iban=vendor.iban,
        bic=vendor.bic,
        payment_days=vendor.payment_days,
        late_payment_rate=vendor.late_payment_rate,
    )


def buyer(client_id: str, customer: Customer) -> Buyer:
    """Return the client as an invoice names it; raises NotBillable with the mend."""
    if not re.fullmatch(r"[0-9]{14}", customer.siret):
        raise NotBillable(
            f"{client_id} has no SIRET, without which there is no invoice to a business.",
            f"`provision set {client_id} siret=12345678901234`, then close the month again.",
        )
    found = _ADDRESS.fullmatch(customer.address)
    if not found:
        said = f"{customer.address!r} as its address" if customer.address else "no address"
        raise NotBillable(
            f"{client_id} has {said}; an invoice needs street, postcode and town.",
            f"`provision set {client_id} address={_ADDRESS_EXAMPLE!r}`, then close the month again.",
        )
    return Buyer(name=customer.name, siret=customer.siret, **found.groupdict(), email=customer.email)


def _missing(host_file: str, key: str, reason: str, more: str = "") -> InvalidConfiguration:
    return InvalidConfiguration(
        f"{host_file}: vendor.{key}",
        reason,
        f"Write it there; `provision host init` writes a commented example.{more}",
    )
