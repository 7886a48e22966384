"""The clients' list: what is searched, filtered, sorted and shown of it on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from flask import url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from provisioner.dashboard import clients as listing
from provisioner.dashboard.clients import Client, Totals
from provisioner.dashboard.context import Dashboard

LONGEST_SEARCH: Final = 200
PER_PAGE: Final = 50
SPARK_DAYS: Final = 30
OWNERS: Final = frozenset({"amount", "margin"})
"""Columns that tell of money."""
_TEXTS: Final = frozenset({"name", "plan", "state"})
_HEALTH_MATTERS: Final = "state"
"""The column that is sorted by health too."""


@dataclass(frozen=True, slots=True)
class Query:
    """What an address asks for; `plan`, `state` and `health` are "" for any."""

    q: str = ""
    plan: str = ""
    state: str = ""
    health: str = ""
    sort: str = "name"
    order: str = "asc"
    page: int = 1

    @classmethod
    def parsed(cls, arguments: MultiDict[str, str], *, money: bool) -> Query:
        """Return what is asked for; what cannot be asked for is as if it were left out."""
        given = {key: arguments.get(key, "")[:LONGEST_SEARCH] for key in ("q", "plan", "state", "health")}
        sort, page = arguments.get("sort", ""), arguments.get("page", "")
        known = sort in listing.SORTS and (money or sort not in OWNERS)
        return cls(
            **given,
            sort=sort if known else "name",
            order="desc" if arguments.get("order") == "desc" else "asc",
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
        )

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return self.order == "desc"

    @property
    def narrows(self) -> bool:
        """Whether some clients may be left out."""
        return bool(self.q or self.plan or self.state or self.health)

    def url(self, **changes: object) -> str:
        """Return the address of this with changes; what is as it is anyway is left out."""
        usual, wanted = Query(), asdict(self) | changes
        return url_for(
            "pages.clients", **{key: value for key, value in wanted.items() if value != getattr(usual, key)}
        )


@dataclass(frozen=True, slots=True)
class Column:
    """One sortable column; ``url`` sorts by it, or turns the order round.

    ``direction`` is what ``aria-sort`` says.
    """

    label: str
    numeric: bool
    direction: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of the list. `count` clients are found, on `pages` pages; `totals` are of all there are."""

    query: Query
    clients: Sequence[Client]
    requests: Mapping[str, Sequence[int | None]]
    count: int
    pages: int
    totals: Totals
    plans: Sequence[str]


def shown(dashboard: Dashboard, query: Query) -> Shown:
    """Find, sort and cut; clients are asked how they are where that is shown or decides."""
    everyone = dashboard.reader.all()
    found = listing.matching(everyone, query.q)
    if query.health or query.sort == _HEALTH_MATTERS:
        found = dashboard.reader.with_health(found)
    found = listing.chosen(found, plan=query.plan, state=query.state, health=query.health)
    found = listing.ordered(found, query.sort, descending=query.descending)
    pages = max(1, -(-len(found) // PER_PAGE))
    query = replace(query, page=min(query.page, pages))
    cut = found[(query.page - 1) * PER_PAGE : query.page * PER_PAGE]
    if not query.health and query.sort != _HEALTH_MATTERS:
        cut = dashboard.reader.with_health(cut)
    today = dashboard.clock.now().date()
    return Shown(
        query=query,
        clients=cut,
        requests=dashboard.observations.requests([one.id for one in cut], today, SPARK_DAYS),
        count=len(found),
        pages=pages,
        totals=listing.totals(everyone),
        plans=sorted({one.plan for one in everyone}),
    )


def columns(query: Query, *, money: bool) -> list[Column]:
    """Return the columns in the reader's language, each with the address that sorts by it."""
    labels = {
        "name": gettext("Client"),
        "plan": gettext("Formule"),
        "state": gettext("État"),
        "requests": gettext("Requêtes"),
        "users": gettext("Utilisateurs"),
        "storage": gettext("Stockage"),
        "amount": gettext("Montant du mois"),
        "margin": gettext("Marge"),
        "activity": gettext("Dernière activité"),
    }
    return [_column(query, key, label) for key, label in labels.items() if money or key not in OWNERS]


def _column(query: Query, key: str, label: str) -> Column:
    current = key == query.sort
    # Figures are first wanted largest first, names in alphabetical order.
    turned = not query.descending if current else key not in _TEXTS
    direction = ("descending" if query.descending else "ascending") if current else "none"
    url = query.url(sort=key, order="desc" if turned else "asc", page=1)
    return Column(label, key in OWNERS, direction, url)
