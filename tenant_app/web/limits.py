"""Figures beside their limits, in words, and the warning that stands on every page."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import gettext

from tenant_app.billing.budget import BudgetState
from tenant_app.billing.report import Usage
from tenant_app.billing.warnings import NEARLY_FULL_PERCENT, LimitWarning, share_of
from tenant_app.settings import Settings
from tenant_app.web import formats


@dataclass(frozen=True)
class Limit:
    """One figure of the month as it is shown.

    ``allowed`` is None and ``share`` is None when there is no limit; ``share`` is a whole percentage, rounded
    down so that 100 means reached; ``level`` is ``""``, ``"warn"`` or ``"bad"``; ``consequence`` says what
    happens once the limit is reached.
    """

    label: str
    used: str
    allowed: str | None
    share: int | None
    level: str
    comment: str
    consequence: str = ""


def limits(record: Usage, settings: Settings) -> tuple[Limit, ...]:
    """Return the figures that have, or could have, a limit."""
    return (
        limit(
            gettext("Requêtes"),
            record.requests_used,
            record.requests_limit,
            consequence=_beyond(
                settings.overage_request_price,
                gettext("Au-delà, les questions sont refusées jusqu’au mois prochain."),
            ),
        ),
        limit(
            gettext("Analyses"),
            record.analyses_used,
            record.analyses_limit,
            consequence=_beyond(
                settings.overage_analysis_price,
                gettext("Au-delà, les analyses sont refusées jusqu’au mois prochain."),
            ),
        ),
        limit(
            gettext("Utilisateurs actifs"),
            record.users_active,
            record.users_limit,
            consequence=gettext("Au-delà, aucun compte ne peut être ajouté."),
        ),
        limit(
            gettext("Stockage"),
            record.storage_bytes,
            settings.storage_bytes,
            shown=formats.size,
            consequence=gettext("Au-delà, aucun document ne peut être ajouté : supprimez-en d’abord."),
        ),
    )


def _beyond(price: Decimal | None, refused: str) -> str:
    if price is None:
        return refused
    billed = gettext("Au-delà, chaque unité est facturée %(price)s hors taxes.", price=formats.euros(price))
    return str(billed)


def budget(state: BudgetState, settings: Settings) -> tuple[Limit, ...]:
    """Return what the language model cost beside what it may cost; nothing for a client without a model."""
    if settings.openai_base_url is None:
        return ()
    return (
        limit(
            gettext("Modèle de langage"),
            _cents(state.spent),
            None if state.limit is None else _cents(state.limit),
            shown=lambda cents: formats.euros(Decimal(cents) / 100),
            consequence=gettext(
                "Au-delà, les réponses sont extraites de vos documents, sans modèle de langage."
            ),
        ),
    )


def _cents(amount: Decimal) -> int:
    return int((amount * 100).to_integral_value(ROUND_HALF_UP))


def limit(
    label: str,
    used: int,
    allowed: int | None,
    *,
    shown: Callable[[int], str] = formats.number,
    consequence: str = "",
) -> Limit:
    """Return one figure beside its limit; ``shown`` writes an amount in the reader's language."""
    share = share_of(used, allowed)
    if allowed is None or share is None:
        return Limit(label, shown(used), None, None, "", gettext("Sans limite"))
    if share == 100:
        return Limit(
            label, shown(used), shown(allowed), share, "bad", gettext("Limite atteinte"), consequence
        )
    level = "warn" if share >= NEARLY_FULL_PERCENT else ""
    left = gettext("Reste %(amount)s", amount=shown(allowed - used))
    return Limit(label, shown(used), shown(allowed), share, level, left, consequence)


def what_is_limited(warning: LimitWarning) -> str:
    """Return the name of what a warning is about."""
    names = {
        "requests": gettext("Requêtes"),
        "analyses": gettext("Analyses"),
        "storage": gettext("Stockage"),
        "language-model": gettext("Modèle de langage"),
    }
    return str(names[warning.what])
