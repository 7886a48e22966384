"""The JSON answers of billing's route."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from tenant_app.billing.breakdown import Share, Whose
from tenant_app.billing.daily import DayOfUse
from tenant_app.billing.forecast import Forecast
from tenant_app.billing.money import Money, to_cents
from tenant_app.billing.report import Usage
from tenant_app.billing.warnings import Level, LimitWarning, What
from tenant_app.validation import Body

Month = Annotated[str, Field(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]


class WantedMonth(Body):
    """A month, by default the present one."""

    month: Month | None = None


class BudgetView(BaseModel):
    """The month's budget for the language model, in euros; ``limit`` null: unlimited."""

    limit: Money | None
    spent: Money
    nearly_spent: bool


class AnswerCounts(BaseModel):
    """How the month's answers came out: not in the documents, remembered, without the model, in doubt."""

    off_topic: int
    from_cache: int
    fallback: int
    unsupported: int


class ForecastView(BaseModel):
    """Where the month is going at its pace so far: units by its end, and the day (UTC) its limit is met."""

    units: int
    reached_on: date | None

    @classmethod
    def of(cls, foreseen: Forecast | None) -> Self | None:
        """Return the answer for a forecast, if there is one."""
        return None if foreseen is None else cls(units=foreseen.units, reached_on=foreseen.reached_on)


class ForecastsView(BaseModel):
    """What the month's pace foresees; null before its first day is over."""

    requests: ForecastView | None
    analyses: ForecastView | None


class WarningView(BaseModel):
    """A limit of which 80 percent or more are used; 100: reached."""

    what: What
    share: int
    level: Level

    @classmethod
    def of(cls, warning: LimitWarning) -> Self:
        """Return the answer for a warning."""
        return cls(what=warning.what, share=warning.share, level=warning.level)


class DayView(BaseModel):
    """What one day (UTC) used."""

    day: date
    requests: int
    analyses: int

    @classmethod
    def of(cls, day: DayOfUse) -> Self:
        """Return the answer for a day."""
        return cls(day=day.day, requests=day.requests, analyses=day.analyses)


class DayList(BaseModel):
    """Every day of a month; they add up to it."""

    month: str
    days: list[DayView]


class ShareView(BaseModel):
    """What one person or key used; ``nobody``: erased accounts and keys, and the operator."""

    whose: Whose
    id: int | None
    name: str | None
    requests: int
    analyses: int
    llm_cost: Money

    @classmethod
    def of(cls, share: Share) -> Self:
        """Return the answer for a share."""
        return cls(
            whose=share.whose,
            id=share.id,
            name=share.name,
            requests=share.requests,
            analyses=share.analyses,
            llm_cost=to_cents(share.cost),
        )


class ShareList(BaseModel):
    """Who used what in a month; the shares add up to it."""

    month: str
    shares: list[ShareView]


class MonthList(BaseModel):
    """The records of the months there were, newest first; what was due is as it was then."""

    months: list[Usage]


class BillingUsage(BaseModel):
    """The present month's record, where it is going, and when the next bill is made."""

    client_id: str
    plan: str
    usage: Usage
    billing_cycle: Literal["monthly"] = "monthly"
    next_billing: date
    llm_budget: BudgetView
    answers: AnswerCounts
    forecast: ForecastsView
    warnings: list[WarningView]
