"""The routes of billing."""

from flask import Blueprint, Response, make_response
from flask_babel import get_locale

from tenant_app.api.authentication import requires
from tenant_app.api.bodies import answered, query_arguments
from tenant_app.api.context import current_services
from tenant_app.api.documentation import documented
from tenant_app.billing.forecast import forecast
from tenant_app.billing.schemas import (
    AnswerCounts,
    BillingUsage,
    BudgetView,
    DayList,
    DayView,
    ForecastsView,
    ForecastView,
    MonthList,
    ShareList,
    ShareView,
    WantedMonth,
    WarningView,
)
from tenant_app.billing.tables import months_table, shares_table
from tenant_app.billing.warnings import warnings_of
from tenant_app.exporting.csv_table import MEDIA_TYPE

blueprint = Blueprint("billing", __name__)


@blueprint.get("/api/billing/usage")
@documented(summary="La consommation du mois", answer=BillingUsage, errors=[401, 403])
@requires("usage.read")
def usage() -> Response:
    """Tell what the present month used, of what is allowed, where it is going, and what is due."""
    services = current_services()
    report = services.billing.report
    record = report.usage()
    budget = services.billing.budget.state(record.month)
    now = services.clock.now()
    requests = forecast(record.requests_used, record.requests_limit, record.month, now)
    analyses = forecast(record.analyses_used, record.analyses_limit, record.month, now)
    return answered(
        BillingUsage(
            client_id=services.settings.client_id,
            plan=services.settings.subscription_plan,
            usage=record,
            next_billing=report.next_billing(),
            llm_budget=BudgetView(limit=budget.limit, spent=budget.spent, nearly_spent=budget.nearly_spent),
            answers=AnswerCounts(**services.billing.answer_counts()),
            forecast=ForecastsView(requests=ForecastView.of(requests), analyses=ForecastView.of(analyses)),
            warnings=[WarningView.of(warning) for warning in warnings_of(record, services.settings)],
        )
    )


@blueprint.get("/api/billing/days")
@documented(summary="Chaque jour d'un mois", query=WantedMonth, answer=DayList, errors=[400, 401, 403])
@requires("usage.read")
def days() -> Response:
    """Tell what each day of a month used."""
    month = _wanted_month()
    found = current_services().billing.days(month)
    return answered(DayList(month=month, days=[DayView.of(day) for day in found]))


@blueprint.get("/api/billing/breakdown")
@documented(
    summary="Qui a consommé quoi dans un mois, par personne et par clé",
    query=WantedMonth,
    answer=ShareList,
    errors=[400, 401, 403],
)
@requires("users.manage")
def shares() -> Response:
    """Tell who used what in a month."""
    month = _wanted_month()
    found = current_services().billing.shares(month)
    return answered(ShareList(month=month, shares=[ShareView.of(share) for share in found]))


@blueprint.get("/api/billing/breakdown.csv")
@documented(
    summary="Qui a consommé quoi dans un mois, en CSV",
    query=WantedMonth,
    media_type="text/csv",
    errors=[400, 401, 403],
)
@requires("users.manage")
def shares_file() -> Response:
    """Hand over who used what in a month, for a spreadsheet."""
    month = _wanted_month()
    table = shares_table(current_services().billing.shares(month), str(get_locale()))
    return _csv(table, f"{current_services().settings.client_id}-{month}.csv")


@blueprint.get("/api/billing/months")
@documented(summary="Les mois, du plus récent au plus ancien", answer=MonthList, errors=[401, 403])
@requires("usage.read")
def months() -> Response:
    """Tell what each month used and what was due for it."""
    return answered(MonthList(months=list(current_services().billing.history())))


@blueprint.get("/api/billing/months.csv")
@documented(summary="Les mois, en CSV", media_type="text/csv", errors=[401, 403])
@requires("usage.read")
def months_file() -> Response:
    """Hand over the months, for a spreadsheet."""
    services = current_services()
    table = months_table(services.billing.history(), str(get_locale()))
    return _csv(table, f"{services.settings.client_id}-{services.billing.report.month()}-mois.csv")


def _wanted_month() -> str:
    return query_arguments(WantedMonth).month or current_services().billing.report.month()


def _csv(table: bytes, name: str) -> Response:
    file = make_response(table)
    file.content_type = MEDIA_TYPE
    file.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return file
