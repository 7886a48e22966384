"""The JSON answers of billing's route."""

from datetime import date
from typing import Literal

from pydantic import BaseModel

from tenant_app.billing.money import Money
from tenant_app.billing.report import Usage


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


class BillingUsage(BaseModel):
    """The present month's record, and when the next bill is made."""

    client_id: str
    plan: str
    usage: Usage
    billing_cycle: Literal["monthly"] = "monthly"
    next_billing: date
    llm_budget: BudgetView
    answers: AnswerCounts
