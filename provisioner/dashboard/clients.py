"""Every client as the dashboard shows it: the ``list`` row, joined with what its usage file says."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from provisioner.usage_files import UsageRecord, as_json

BYTES_PER_MB: Final = 1_000_000
NOT_BILLED: Final = frozenset({"creating", "suspended", "archived"})
UsageState = Literal["known", "none", "unreadable"]


@dataclass(frozen=True, slots=True)
class Client:
    """One line of the dashboard.

    ``usage`` is None when nothing was exported for the month (``usage_state`` "none") or when the file cannot
    be believed ("unreadable"); neither is zero. ``storage_limit`` is in bytes, None for unlimited.
    """

    id: str
    name: str
    plan: str
    port: int | None
    hostname: str
    url: str
    state: str
    health: str
    price_cents: int
    storage_limit: int | None
    usage_state: UsageState
    usage: UsageRecord | None

    @property
    def last_activity(self) -> datetime | None:
        """When somebody last signed in, asked something or gave a document; None when nobody is known to."""
        return self.usage.last_activity_at if self.usage else None

    @property
    def amount(self) -> Decimal:
        """Euros of the month: what the ledger says is due, else the plan's price."""
        return self.usage.total_due if self.usage else Decimal(self.price_cents) / 100

    @property
    def cost(self) -> Decimal | None:
        """Euros that the provider of language models is owed for the month; None when that is unknown."""
        return self.usage.llm_cost if self.usage else None

    @property
    def margin(self) -> Decimal | None:
        """What is left of the month's amount once the provider is paid; None when that is unknown."""
        return None if self.cost is None else self.amount - self.cost

    @property
    def billed(self) -> bool:
        """Whether its price counts as recurring revenue."""
        return self.state not in NOT_BILLED


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the clients; ``unknown`` is how many have an unreadable file and are not in them.

    ``cost`` and ``margin`` are euros of the month.
    """

    clients: int
    revenue_cents: int
    requests: int
    storage_bytes: int
    unknown: int
    cost: Decimal
    margin: Decimal


def totals(clients: Sequence[Client]) -> Totals:
    """Add up what is known. Recurring revenue leaves out clients being created, suspended or archived."""
    known = [client.usage for client in clients if client.usage]
    return Totals(
        clients=sum(client.state != "archived" for client in clients),
        revenue_cents=sum(client.price_cents for client in clients if client.billed),
        requests=sum(usage.requests_used for usage in known),
        storage_bytes=sum(usage.storage_bytes for usage in known),
        unknown=sum(client.usage_state == "unreadable" for client in clients),
        cost=sum((usage.llm_cost for usage in known), Decimal(0)),
        margin=sum((client.margin for client in clients if client.margin is not None), Decimal(0)),
    )


def matching(clients: Iterable[Client], words: str) -> list[Client]:
    """Return the clients in whose id, name, plan, host name or state every word appears, accents aside."""
    wanted = _folded(words).split()
    return [client for client in clients if all(word in _haystack(client) for word in wanted)]


def chosen(clients: Iterable[Client], *, plan: str, state: str, health: str) -> list[Client]:
    """Return the clients of one plan, state and health; "" is any."""
    return [
        client
        for client in clients
        if plan in ("", client.plan) and state in ("", client.state) and health in ("", client.health)
    ]


def _haystack(client: Client) -> str:
    return _folded(" ".join((client.id, client.name, client.plan, client.hostname, client.state)))


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


_UNKNOWN_LAST: Final = (1, 0)


def _by_usage(value: Callable[[UsageRecord], Any]) -> Callable[[Client], Any]:
    """Sort by a figure of the usage; the clients whose figure is unknown have no place among the numbers."""
    return lambda client: (0, value(client.usage)) if client.usage else _UNKNOWN_LAST


SORTS: Final[dict[str, Callable[[Client], Any]]] = {
    "name": lambda client: _folded(client.name),
    "plan": lambda client: (client.price_cents, client.plan),
    "state": lambda client: (client.state, client.health),
    "requests": _by_usage(lambda usage: usage.requests_used),
    "users": _by_usage(lambda usage: usage.users_active),
    "storage": _by_usage(lambda usage: usage.storage_bytes),
    "amount": lambda client: client.amount,
    "margin": lambda client: _UNKNOWN_LAST if client.margin is None else (0, client.margin),
    "activity": lambda client: (0, client.last_activity) if client.last_activity else _UNKNOWN_LAST,
}


def ordered(clients: Iterable[Client], key: str, *, descending: bool) -> list[Client]:
    """Sort by one of ``SORTS``; unknown figures stay last in both directions. Raises KeyError."""
    by_name = sorted(clients, key=SORTS["name"])
    if key == "name":
        return by_name[::-1] if descending else by_name
    ranked = [(SORTS[key](client), client) for client in by_name]
    known = [one for one in ranked if one[0] != _UNKNOWN_LAST]
    known.sort(key=lambda one: one[0], reverse=descending)
    return [client for _, client in known] + [client for rank, client in ranked if rank == _UNKNOWN_LAST]


#: What a usage record tells of money.
_MONEY: Final = ("overage_fees", "total_due", "llm_cost")


def client_json(client: Client, *, money: bool) -> dict[str, Any]:
    """Return the client as the JSON interface gives it: the ``list`` row, usage, money, storage, activity.

    Without ``money``, what tells of it is null.
    """
    usage = as_json(client.usage) if client.usage else None
    if usage and not money:
        usage |= dict.fromkeys(_MONEY)
    return {
        "id": client.id,
        "name": client.name,
        "plan": client.plan,
        "port": client.port,
        "hostname": client.hostname,
        "url": client.url,
        "state": client.state,
        "health": client.health,
        "usage_state": client.usage_state,
        "usage": usage,
        "money": {
            "price": client.price_cents / 100,
            "overage_fees": float(client.usage.overage_fees) if client.usage else None,
            "total_due": float(client.usage.total_due) if client.usage else None,
        }
        if money
        else None,
        "storage": {
            "used_bytes": client.usage.storage_bytes if client.usage else None,
            "limit_bytes": client.storage_limit,
        },
        "last_activity": client.last_activity.isoformat() if client.last_activity else None,
    }
