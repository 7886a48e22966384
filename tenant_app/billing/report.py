"""The usage record of a month, computed from the ledger."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tenant_app.accounts.activity import active_months, count_active_users
from tenant_app.accounts.models import SignInSession
from tenant_app.billing.ledger import units_used
from tenant_app.billing.models import LedgerEntry
from tenant_app.billing.money import ExactEuros, Money, to_cents
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.months import month_ends, month_of
from tenant_app.passages import Document, library_totals, model_progress
from tenant_app.settings import Settings

Count = Annotated[int, Field(ge=0)]
Limit = Count | None
"""None: unlimited."""
_OF_THE_MOMENT: Final = {
    "analyses_limit",
    "users_limit",
    "overage_fees",
    "total_due",
    "requests_limit",
    "overage_request_price",
    "overage_analysis_price",
    "documents",
    "storage_bytes",
    "last_activity_at",
    "model_change",
}
"""What the settings and the library say, not the month's ledger."""


class ModelChange(BaseModel):
    """Of ``total`` passages, ``done`` have a vector of the embedding model that is to come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    done: Count
    total: Count


class Usage(BaseModel):
    """What one month used and what is due for it; the shape of ``usage/<month>.json``.

    Amounts are euros with two decimals. ``documents`` and ``storage_bytes`` (originals) are those of the
    moment of ``updated_at``, the rest counts the whole month so far. ``last_activity_at`` is when somebody
    last signed in, asked something or gave a document, in this month or before; None: never. While a change
    of the embedding model is under way, ``model_change`` says how far it is. Overage prices are those of one
    unit beyond its limit; None: such units are refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str
    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    analyses_used: Count
    analyses_limit: Limit
    users_active: Count
    users_limit: Count
    overage_fees: Money
    total_due: Money
    requests_used: Count
    requests_limit: Limit
    tokens_in: Count
    tokens_out: Count
    llm_cost: Money
    documents: Count
    storage_bytes: Count
    updated_at: datetime
    last_activity_at: datetime | None = None
    model_change: ModelChange | None = None
    overage_request_price: Money | None = None
    overage_analysis_price: Money | None = None

    def says_the_same_as(self, other: Self) -> bool:
        """Return whether nothing but the moment of the count differs."""
        return self.model_copy(update={"updated_at": other.updated_at}) == other

    def completing(self, kept: Self) -> Self:
        """Return what is counted now of a month that is over, with the rest as ``kept`` recorded it then.

        The plan and the library may have changed since, and a user active then may have been erased.
        """
        then = kept.model_dump(include=_OF_THE_MOMENT)
        users_active = max(self.users_active, kept.users_active)
        counted = self.model_copy(update={**then, "users_active": users_active})
        # Units that the end of the month kept out of the file are in the fees too.
        fees = counted.fees_beyond()
        due = kept.total_due - kept.overage_fees + fees
        return counted.model_copy(update={"overage_fees": fees, "total_due": due})

    def fees_beyond(self) -> Decimal:
        """Return what the units beyond the limits cost, in euros, at the prices of the record."""
        return to_cents(
            _beyond(self.requests_used, self.requests_limit, self.overage_request_price)
            + _beyond(self.analyses_used, self.analyses_limit, self.overage_analysis_price)
        )


class UsageReport:
    """Reads the ledger; changes nothing."""

    def __init__(self, database: Database, settings: Settings, clock: Clock, embedding_model: str) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._embedding_model = embedding_model

    def month(self) -> str:
        """Return the present month."""
        return month_of(self._clock.now())

    def months_in_use(self) -> set[str]:
        """Return every month that counts a unit or an active user."""
        with self._database.read() as session:
            counted = session.scalars(select(LedgerEntry.month).distinct())
            return {*counted, *active_months(session)}

    def next_billing(self) -> date:
        """Return the first day of the next month, when the next bill is made."""
        return month_ends(self.month()).date()

    def usage(self, month: str | None = None) -> Usage:
        """Return the record of a month (``YYYY-MM``), the present one by default."""
        month = month or self.month()
        settings = self._settings
        with self._database.read() as session:
            used = units_used(session, month)
            tokens_in, tokens_out, cost = _work_of_the_model(session, month)
            users_active = count_active_users(session, month)
            documents, storage_bytes = library_totals(session)
            last_activity_at = _last_activity(session)
            change = model_progress(session, self._embedding_model)
        record = Usage(
            client_id=settings.client_id,
            month=month,
            analyses_used=used.get("analysis", 0),
            analyses_limit=settings.max_analysis_monthly,
            users_active=users_active,
            users_limit=settings.max_users,
            overage_fees=to_cents(Decimal(0)),
            total_due=to_cents(Decimal(settings.price_cents) / 100),
            requests_used=used.get("request", 0),
            requests_limit=settings.max_requests_monthly,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            llm_cost=to_cents(cost),
            documents=documents,
            storage_bytes=storage_bytes,
            updated_at=self._clock.now(),
            last_activity_at=last_activity_at,
            model_change=ModelChange(done=change.done, total=change.total) if change else None,
            overage_request_price=settings.overage_request_price,
            overage_analysis_price=settings.overage_analysis_price,
        )
        fees = record.fees_beyond()
        return record.model_copy(update={"overage_fees": fees, "total_due": record.total_due + fees})


def _beyond(used: int, limit: int | None, price: Decimal | None) -> Decimal:
    """Without a price units beyond the limit are refused: there are none but by a limit that was lowered."""
    if limit is None or price is None:
        return Decimal(0)
    return max(0, used - limit) * price


def _last_activity(session: Session) -> datetime | None:
    """Ledger and documents are asked by their keys, which rise with time: their moments have no index."""
    latest = (
        session.scalar(select(LedgerEntry.at).order_by(LedgerEntry.id.desc()).limit(1)),
        session.scalar(select(Document.created_at).order_by(Document.id.desc()).limit(1)),
        session.scalar(select(func.max(SignInSession.created_at))),
    )
    return max((moment for moment in latest if moment), default=None)


def _work_of_the_model(session: Session, month: str) -> tuple[int, int, Decimal]:
    """Return the tokens read, the tokens written and their cost in euros."""
    sums = select(
        func.coalesce(func.sum(LedgerEntry.tokens_in), 0),
        func.coalesce(func.sum(LedgerEntry.tokens_out), 0),
        func.coalesce(func.sum(LedgerEntry.cost), 0, type_=ExactEuros),
    )
    return session.execute(sums.where(LedgerEntry.month == month)).one()
