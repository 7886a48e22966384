"""Months, and who used what in one, as tables for a spreadsheet, in the reader's language."""

from collections.abc import Iterable

from flask_babel import gettext

from tenant_app.billing.breakdown import Share, Whose
from tenant_app.billing.money import to_cents
from tenant_app.billing.report import Usage
from tenant_app.exporting.csv_table import as_csv


def months_table(months: Iterable[Usage], language: str) -> bytes:
    """Return the months; amounts are euros, an empty limit means there is none."""
    columns = [
        gettext("Mois"),
        gettext("Requêtes"),
        gettext("Limite de requêtes"),
        gettext("Analyses"),
        gettext("Limite d’analyses"),
        gettext("Utilisateurs actifs"),
        gettext("Dépassements (€)"),
        gettext("Total (€)"),
    ]
    rows = (
        (
            one.month,
            one.requests_used,
            one.requests_limit,
            one.analyses_used,
            one.analyses_limit,
            one.users_active,
            one.overage_fees,
            one.total_due,
        )
        for one in months
    )
    return as_csv(columns, rows, "en" if language == "en" else "fr")


def shares_table(shares: Iterable[Share], language: str) -> bytes:
    """Return who used what; costs of the language model are euros."""
    columns = [
        gettext("Nature"),
        gettext("Nom"),
        gettext("Requêtes"),
        gettext("Analyses"),
        gettext("Modèle de langage (€)"),
    ]
    rows = (
        (whose_name(one.whose), one.name, one.requests, one.analyses, to_cents(one.cost)) for one in shares
    )
    return as_csv(columns, rows, "en" if language == "en" else "fr")


def whose_name(whose: Whose) -> str:
    """Return what a share belongs to, in words."""
    names = {
        "user": gettext("Personne"),
        "key": gettext("Clé d’API"),
        "nobody": gettext("Comptes effacés et prestataire"),
    }
    return str(names[whose])
