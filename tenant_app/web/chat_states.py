"""What somebody about to ask should know of the month: over quota, read-only, or without the model."""

from dataclasses import dataclass
from datetime import UTC

from flask_babel import gettext

from tenant_app.accounts.actor import Actor
from tenant_app.services import Services
from tenant_app.web.formats import day


@dataclass(frozen=True)
class ChatState:
    """One thing to know; ``level`` is a notice's kind. When ``closed``, no question is accepted."""

    level: str
    title: str
    text: str
    closed: bool = False


def states_now(services: Services, actor: Actor) -> list[ChatState]:
    """Return what holds now; the budget is for those who may see the month's usage."""
    states = [_plan_state(services), _quota_state(services)]
    if actor.may("usage.read"):
        states.append(_budget_state(services))
    return [state for state in states if state is not None]


def _plan_state(services: Services) -> ChatState | None:
    last_day = services.settings.plan_expires_on
    if last_day is None or services.clock.now().astimezone(UTC).date() <= last_day:
        return None
    text = gettext(
        "Vos conversations et vos documents restent lisibles. Pour continuer : %(contact)s",
        contact=services.settings.support_contact,
    )
    title = gettext("Votre formule a pris fin le %(day)s.", day=day(last_day))
    return ChatState("bad", title, text, closed=True)


def _quota_state(services: Services) -> ChatState | None:
    used = services.billing.report.usage()
    if used.requests_limit is None or used.requests_used < used.requests_limit:
        return None
    renewed = day(services.billing.report.next_billing())
    title = gettext("Le quota de questions du mois est atteint.")
    return ChatState("bad", title, gettext("Il se renouvelle le %(day)s.", day=renewed), closed=True)


def _budget_state(services: Services) -> ChatState | None:
    state = services.billing.budget.state(services.billing.report.month())
    if not state.nearly_spent or state.limit is None:
        return None
    if state.spent >= state.limit:
        title = gettext("Le budget du mois pour le service d’IA est épuisé.")
        return ChatState("warn", title, gettext("Les réponses sont extraites de vos documents."))
    title = gettext("Le budget du mois pour le service d’IA est presque épuisé.")
    return ChatState("warn", title, gettext("Ensuite, les réponses seront extraites de vos documents."))
