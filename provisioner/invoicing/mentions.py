"""The mentions French law wants on an invoice between businesses, in the words it is used to.

By article: number, dates, parties, lines, rate and sum of tax (CGI, annexe II, 242 nonies A) are the
invoice's own fields; here is what has to be said besides. Code de commerce: L441-9 and L441-10 II (late
payment, discount), D441-5 (the 40 €), R123-237 (legal form, capital, register). CGI, article 293 B: no VAT.
"""

from __future__ import annotations

from typing import Final

from provisioner.invoicing.invoice import Invoice
from provisioner.invoicing.parties import Seller

CATEGORY: Final = "Catégorie de l’opération : prestations de services."
FRANCHISE: Final = "TVA non applicable, art. 293 B du CGI"
ON_RECEIPTS: Final = "TVA exigible sur les encaissements."
DISCOUNT: Final = "Pas d’escompte pour paiement anticipé."
INDEMNITY: Final = (
    "Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement : 40 € "
    "(code de commerce, art. D441-5)."
)


def late_payment(seller: Seller) -> str:
    """What is owed from the day after the due day, without a reminder."""
    return (
        f"En cas de retard de paiement, pénalités exigibles sans rappel au taux de "
        f"{seller.late_payment_rate} (code de commerce, art. L441-10)."
    )


def notes(invoice: Invoice) -> dict[str, str]:
    """Return the mentions by their code in UNTDID 4451: PMD, PMT and AAB are asked for in France by code."""
    seller = invoice.seller
    said = {
        "PMD": late_payment(seller),
        "PMT": INDEMNITY,
        "AAB": DISCOUNT,
        "REG": f"{seller.legal_form}, SIREN {seller.siren}, {seller.rcs}.",
        "AAI": CATEGORY,
    }
    if invoice.corrects:
        said["ACD"] = f"Motif de l’avoir : {invoice.corrects.reason}"
    return said
