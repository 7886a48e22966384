"""The JSON answers of billing's route."""

from datetime import date
from typing import Literal

from pydantic import BaseModel

from tenant_app.billing.report import Usage


class BillingUsage(BaseModel):
    """The present month's record, and when the next bill is made."""

    client_id: str
    plan: str
    usage: Usage
    billing_cycle: Literal["monthly"] = "monthly"
    next_billing: date
