"""The route of billing."""

from flask import Blueprint, Response

from tenant_app.api.authentication import requires
from tenant_app.api.bodies import answered
from tenant_app.api.context import current_services
from tenant_app.api.documentation import documented
from tenant_app.billing.schemas import AnswerCounts, BillingUsage, BudgetView

blueprint = Blueprint("billing", __name__)


@blueprint.get("/api/billing/usage")
@documented(summary="La consommation du mois", answer=BillingUsage, errors=[401, 403])
@requires("usage.read")
def usage() -> Response:
    """Tell what the present month used, of what is allowed, and what is due."""
    services = current_services()
    report = services.billing.report
    budget = services.billing.budget.state(report.month())
    return answered(
        BillingUsage(
            client_id=services.settings.client_id,
            plan=services.settings.subscription_plan,
            usage=report.usage(),
            next_billing=report.next_billing(),
            llm_budget=BudgetView(limit=budget.limit, spent=budget.spent, nearly_spent=budget.nearly_spent),
            answers=AnswerCounts(**services.billing.answer_counts()),
        )
    )
