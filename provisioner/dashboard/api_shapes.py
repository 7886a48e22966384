"""What the JSON interface answers, as shapes that the OpenAPI description is made of and tests hold it to.

Money is in euros and null for anybody but an owner; moments are ISO 8601 in UTC.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from provisioner.actions.requests import ActionName, ClientId, Create
from provisioner.dashboard.jobs import JobState


class Problem(BaseModel):
    """An error, as RFC 9457 says (application/problem+json)."""

    type: str
    title: str
    status: int
    detail: str


class AccessToken(BaseModel):
    """A token that lasts as long as `expires_in` says, in seconds."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int


class NewClient(Create):
    """A new client."""

    id: ClientId


class ModelChangeShape(BaseModel):
    """A change of the embedding model under way, in passages."""

    done: int
    total: int


class UsageShape(BaseModel):
    """What a client used in a month; an unlimited limit is null."""

    client_id: str
    month: str
    analyses_used: int
    analyses_limit: int | None
    users_active: int
    users_limit: int | None
    overage_fees: float | None
    total_due: float | None
    requests_used: int
    requests_limit: int | None
    tokens_in: int
    tokens_out: int
    llm_cost: float | None
    documents: int
    storage_bytes: int
    updated_at: str
    last_activity_at: str | None
    model_change: ModelChangeShape | None


class MoneyShape(BaseModel):
    """The plan's price a month, and what is due this month; null when that is unknown."""

    price: float
    overage_fees: float | None
    total_due: float | None


class StorageShape(BaseModel):
    """Bytes of documents."""

    used_bytes: int | None
    limit_bytes: int | None


class ClientShape(BaseModel):
    """A client; `usage_state` says whether its usage is `known`, never came (`none`) or is `unreadable`."""

    id: str
    name: str
    plan: str
    port: int | None
    hostname: str
    url: str
    state: str
    health: str
    usage_state: Literal["known", "none", "unreadable"]
    usage: UsageShape | None
    money: MoneyShape | None
    storage: StorageShape
    last_activity: str | None


class TotalsShape(BaseModel):
    """Sums over the clients; those with an `unreadable` usage are not in them."""

    clients: int
    monthly_recurring_revenue: float | None
    requests: int
    storage_bytes: int
    unreadable: int


class Clients(BaseModel):
    """Every client."""

    clients: list[ClientShape]
    totals: TotalsShape


class EventShape(BaseModel):
    """Something that was done to a client, for whom, and how it ended."""

    at: str
    command: str
    operator: str
    outcome: str
    detail: str


class Events(BaseModel):
    """A client's last events, oldest first."""

    events: list[EventShape]


class ErrorKindShape(BaseModel):
    """How often a route answered with a status; `route` is its name in the program, null for any other."""

    route: str | None
    status: int
    count: int


class ErrorDayShape(BaseModel):
    """A day in UTC, its errors, and these by route and status, the most frequent first."""

    day: str
    count: int
    kinds: list[ErrorKindShape]


class ServerErrorShape(BaseModel):
    """One answer of 500 or above; `request_id` is what its line in the client's log has."""

    at: str
    route: str | None
    status: int
    request_id: str


class ErrorsShape(BaseModel):
    """A client's errors of the last 30 days, counted `since` a moment; the `last` ones newest first.

    `state` is `none` before the client has told anything, and `unreadable` when what it told cannot be
    believed: its errors are unknown then, not zero.
    """

    state: Literal["known", "none", "unreadable"]
    since: str | None
    days: list[ErrorDayShape]
    last: list[ServerErrorShape]


class AvailabilityMonth(BaseModel):
    """How often a client was asked in a month and how often it was ready; never asked, its share is null."""

    month: str
    asked: int
    ready: int
    share: float | None


class AvailabilityShape(BaseModel):
    """A client's months, the newest first, and the share that every plan promises."""

    promised: float
    months: list[AvailabilityMonth]


class InvoiceShape(BaseModel):
    """An invoice or credit note (which has no `status`)."""

    number: str
    kind: Literal["invoice", "credit-note"]
    issued_on: str
    due_on: str
    month: str
    net: float
    vat: float
    gross: float
    paid: float
    balance: float
    status: str | None
    corrects: str | None


class Invoices(BaseModel):
    """A client's invoices and credit notes, by number."""

    invoices: list[InvoiceShape]


class JobProgress(BaseModel):
    """What is being done, as the `number`-th of `count` steps; 0 of 0 before that is known."""

    step: str
    number: int
    count: int


class JobError(BaseModel):
    """What went wrong, and the mend."""

    message: str
    mend: str


class JobShape(BaseModel):
    """An action that was asked for. Look at it until its `state` is no longer `running`.

    `refused`: nothing was touched; `failed`: what was done was undone; `lost`: the client's events say what
    came of it. `secrets` are shown to who asked, the first time it is looked at after its end.
    """

    id: int
    action: ActionName
    client: str
    who: str
    began_at: str
    ended_at: str | None
    state: JobState
    progress: JobProgress
    done: dict[str, Any]
    error: JobError | None
    secrets: dict[str, str]
