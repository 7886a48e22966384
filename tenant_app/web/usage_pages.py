"""A month against its limits, in figures that can be checked against the bill."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import render_template, request
from flask_babel import gettext

from tenant_app.api.bodies import query_arguments
from tenant_app.api.context import current_actor, current_services
from tenant_app.billing.daily import DayOfUse
from tenant_app.billing.forecast import Forecast, forecast
from tenant_app.billing.report import Usage
from tenant_app.billing.schemas import WantedMonth
from tenant_app.billing.tables import whose_name
from tenant_app.web import formats
from tenant_app.web.frame import page
from tenant_app.web.limits import budget, limits
from tenant_app.web.usage_chart import Chart, draw


@dataclass(frozen=True)
class Course:
    """How one kind of units went through the month, and where it is going; ``allowed`` None: no limit."""

    label: str
    chart: Chart
    used: int
    allowed: int | None
    foreseen: Forecast | None


@dataclass(frozen=True)
class Overage:
    """What happens beyond a limit: each unit is billed at ``price``, or refused when it is None."""

    label: str
    price: Decimal | None


@page("usage.read")
def usage() -> str:
    """Show what a month has used, what is allowed, where it is going, and what is due."""
    services = current_services()
    billing, settings = services.billing, services.settings
    present = billing.report.month()
    month = query_arguments(WantedMonth).month or present
    record = billing.report.usage() if month == present else billing.export.record(month)
    days = billing.days(month)
    figures = (*limits(record, settings), *budget(billing.budget.state(month), settings))
    return render_template(
        "usage.html",
        usage=record,
        # What is stored, and what the model may cost, is known of the present only.
        limits=figures if month == present else figures[:3],
        month=formats.month_name(month),
        is_present=month == present,
        courses=_courses(record, days, is_present=month == present),
        days=[day for day in days if day.requests or day.analyses],
        shares=billing.shares(month) if current_actor().may("users.manage") else None,
        whose_name=whose_name,
        history=billing.history(),
        month_name=formats.month_name,
        shown=request.args.get("month"),
        price=record.total_due - record.overage_fees,
        next_billing=billing.report.next_billing(),
        expires_on=settings.plan_expires_on,
        updated_at=record.updated_at,
        overage=_overage(record),
    )


def _courses(record: Usage, days: Sequence[DayOfUse], *, is_present: bool) -> list[Course]:
    kinds = (
        (
            gettext("Requêtes"),
            [day.requests for day in days],
            record.requests_used,
            record.requests_limit,
        ),
        (
            gettext("Analyses"),
            [day.analyses for day in days],
            record.analyses_used,
            record.analyses_limit,
        ),
    )
    now = current_services().clock.now()
    courses = []
    for label, units, used, allowed in kinds:
        foreseen = forecast(used, allowed, record.month, now) if is_present else None
        chart = draw(units, now.date() if is_present else None, allowed, foreseen.units if foreseen else None)
        courses.append(Course(label, chart, used, allowed, foreseen))
    return courses


def _overage(record: Usage) -> list[Overage]:
    kinds = (
        (gettext("Requêtes"), record.requests_limit, record.overage_request_price),
        (gettext("Analyses"), record.analyses_limit, record.overage_analysis_price),
    )
    return [Overage(label, price) for label, allowed, price in kinds if allowed is not None]
