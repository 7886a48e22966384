"""Questions to the registry and changes of it, each one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from provisioner.clock import Clock
from provisioner.errors import InvalidRequest, PortUnavailable, UnknownTenant, WrongState
from provisioner.invoicing.agreements import Term
from provisioner.registry import terms
from provisioner.registry.database import Database
from provisioner.registry.models import DomainRow, EventRow, PortRow, State, TenantRow, WrittenRow
from provisioner.spec import TenantRequest, TenantSpec


@dataclass(frozen=True, slots=True)
class Entry:
    """One client as the registry knows it. `port` is None once archived; money in cents a month."""

    id: str
    name: str
    plan: str
    port: int | None
    hostname: str
    state: State
    price_cents: int
    limits: Mapping[str, Any]
    request: TenantRequest
    archive: Path | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done to a client (or, with an empty id, to the host), by whom and how it ended."""

    at: datetime
    tenant_id: str
    command: str
    operator: str
    outcome: str
    detail: str


class Registry:
    """The clients of this host."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def find(self, tenant_id: str) -> Entry | None:
        """Return the client, or None."""
        with self._database.read() as session:
            row = session.get(TenantRow, tenant_id)
            return _entry(row) if row else None

    def get(self, tenant_id: str) -> Entry:
        """Return the client; raises UnknownTenant."""
        entry = self.find(tenant_id)
        if entry is None:
            raise UnknownTenant(tenant_id)
        return entry

    def all(self) -> list[Entry]:
        """Return every client, by id."""
        with self._database.read() as session:
            return [_entry(row) for row in session.scalars(select(TenantRow).order_by(TenantRow.id))]

    def booked_ports(self) -> dict[int, str]:
        """Return who has booked which port."""
        with self._database.read() as session:
            return {row.port: row.tenant_id for row in session.scalars(select(PortRow))}

    def owner_of_domain(self, host: str) -> str | None:
        """Return the id of the client that has this host name of its own, or None."""
        with self._database.read() as session:
            row = session.get(DomainRow, host)
            return row.tenant_id if row else None

    def book(self, request: TenantRequest, spec: TenantSpec) -> None:
        """Write a new client's row, in state `creating`, with its port and its domains.

        Raises WrongState, PortUnavailable or InvalidRequest when the id, the port or a domain is taken.
        """
        now = self._clock.now()
        with self._database.write() as session:
            _check_free(session, spec)
            row = TenantRow(id=spec.id, state=State.CREATING, created_at=now, archive=None)
            _describe(row, request, spec, now)
            row.booking = PortRow(port=spec.port)
            session.add(row)
            session.flush()
            _book_domains(session, spec)
            terms.begin(session, spec, now)

    def change(self, request: TenantRequest, spec: TenantSpec) -> None:
        """Record what a client shall be from now on; raises InvalidRequest when a domain is taken."""
        with self._database.write() as session:
            row, now = _row(session, spec.id), self._clock.now()
            _describe(row, request, spec, now)
            _book_domains(session, spec)
            terms.follow(session, spec, request.overrides, now)

    def change_back(self, request: TenantRequest, spec: TenantSpec, agreed: Term | None) -> None:
        """Record that a client is again what it was before a change that failed, as it was `agreed` then."""
        with self._database.write() as session:
            row, now = _row(session, spec.id), self._clock.now()
            _describe(row, request, spec, now)
            _book_domains(session, spec)
            if agreed is not None:
                terms.go_back(session, agreed, now)

    def agreed(self, tenant_id: str) -> Term | None:
        """Return the terms in force for a client; None when none were recorded."""
        with self._database.read() as session:
            return terms.latest(session, tenant_id)

    def set_state(self, tenant_id: str, state: State) -> None:
        """Record what the operator asked for last."""
        with self._database.write() as session:
            row = _row(session, tenant_id)
            row.state = state
            row.updated_at = self._clock.now()
            terms.follow_state(session, tenant_id, state, row.updated_at)

    def archive(self, tenant_id: str, file: Path) -> None:
        """Record that a client was removed, and where it went; its port and domains are free again."""
        with self._database.write() as session:
            row = _row(session, tenant_id)
            row.state = State.ARCHIVED
            row.archive = str(file)
            row.booking = None
            row.updated_at = self._clock.now()
            terms.follow_state(session, tenant_id, State.ARCHIVED, row.updated_at)
            session.execute(delete(DomainRow).where(DomainRow.tenant_id == tenant_id))
            session.execute(delete(WrittenRow).where(WrittenRow.tenant_id == tenant_id))

    def forget(self, tenant_id: str) -> None:
        """Remove a client's row with all that hangs on it; its events stay, and what is needed to bill it."""
        with self._database.write() as session:
            row = session.get(TenantRow, tenant_id)
            # One that is half made is billed only if it was lost with its host, and is not restored yet.
            if row is not None and row.state != State.CREATING:
                terms.follow_state(session, tenant_id, None, self._clock.now())
            session.execute(delete(TenantRow).where(TenantRow.id == tenant_id))

    def written(self, tenant_id: str) -> dict[Path, str]:
        """Return the SHA-256 of each of a client's files as they were last written."""
        with self._database.read() as session:
            rows = session.scalars(select(WrittenRow).where(WrittenRow.tenant_id == tenant_id))
            return {Path(row.path): row.sha256 for row in rows}

    def record_written(self, tenant_id: str, digests: Mapping[Path, str]) -> None:
        """Replace what is known of a client's written files."""
        with self._database.write() as session:
            session.execute(delete(WrittenRow).where(WrittenRow.tenant_id == tenant_id))
            session.add_all(
                WrittenRow(path=str(path), tenant_id=tenant_id, sha256=digest)
                for path, digest in digests.items()
            )

    def add_event(self, tenant_id: str, command: str, operator: str, outcome: str, detail: str = "") -> None:
        """Add to the record of what was done; `detail` holds no secret and nothing a client wrote."""
        with self._database.write() as session:
            session.add(
                EventRow(
                    at=self._clock.now(),
                    tenant_id=tenant_id,
                    command=command,
                    operator=operator,
                    outcome=outcome,
                    detail=detail,
                )
            )

    def last_done(self, tenant_id: str, command: str) -> datetime | None:
        """Return when a command was last done to a client; None when it never was."""
        query = select(func.max(EventRow.at)).where(
            EventRow.tenant_id == tenant_id, EventRow.command == command, EventRow.outcome == "done"
        )
        with self._database.read() as session:
            return session.scalar(query)

    def last(self, command: str) -> Event | None:
        """Return the last event of a command, whatever became of it; None when it never was."""
        query = select(EventRow).where(EventRow.command == command).order_by(EventRow.id.desc()).limit(1)
        with self._database.read() as session:
            row = session.scalar(query)
            return _event(row) if row else None

    def events(self, tenant_id: str | None, limit: int) -> list[Event]:
        """Return the last events, oldest first, of one client or (None) of all."""
        query = select(EventRow).order_by(EventRow.id.desc()).limit(limit)
        if tenant_id is not None:
            query = query.where(EventRow.tenant_id == tenant_id)
        with self._database.read() as session:
            rows = reversed(session.scalars(query).all())
            return [_event(row) for row in rows]


def _event(row: EventRow) -> Event:
    return Event(row.at, row.tenant_id, row.command, row.operator, row.outcome, row.detail)


def _row(session: Session, tenant_id: str) -> TenantRow:
    row = session.get(TenantRow, tenant_id)
    if row is None:
        raise UnknownTenant(tenant_id)
    return row


def _check_free(session: Session, spec: TenantSpec) -> None:
    if session.get(TenantRow, spec.id) is not None:
        raise WrongState(f"There already is a client {spec.id!r}.", f"`provision show {spec.id}` shows it.")
    booked = session.get(PortRow, spec.port)
    if booked is not None:
        raise PortUnavailable(
            f"Port {spec.port} is booked by {booked.tenant_id!r}.",
            "Give another `--port`, or none to have one chosen.",
        )


def _describe(row: TenantRow, request: TenantRequest, spec: TenantSpec, now: datetime) -> None:
    row.name = spec.name
    row.plan = spec.plan
    row.hostname = spec.hostname
    row.price_cents = spec.terms.price_cents
    row.limits = _limits(spec)
    # What nobody asked for is left out: a version that does not know it yet can read the rest.
    row.request = request.model_dump_json(exclude_defaults=True)
    row.updated_at = now


def _limits(spec: TenantSpec) -> dict[str, int | None]:
    """What usage is compared with; None is unlimited."""
    figures = spec.terms
    return {
        "users": figures.max_users,
        "cases": figures.max_cases,
        "analyses": figures.max_analysis_monthly,
        "requests": figures.max_requests_monthly,
        "storage_mb": figures.max_storage_mb,
    }


def _book_domains(session: Session, spec: TenantSpec) -> None:
    session.execute(delete(DomainRow).where(DomainRow.tenant_id == spec.id))
    try:
        session.add_all(DomainRow(host=host, tenant_id=spec.id) for host in spec.domains)
        session.flush()
    except IntegrityError as error:
        raise InvalidRequest(
            "--domain",
            f"one of {', '.join(spec.domains)} belongs to another client.",
            "Take it from that client first.",
        ) from error


def _entry(row: TenantRow) -> Entry:
    return Entry(
        id=row.id,
        name=row.name,
        plan=row.plan,
        port=row.port,
        hostname=row.hostname,
        state=State(row.state),
        price_cents=row.price_cents,
        limits=row.limits,
        request=TenantRequest.model_validate_json(row.request),
        archive=Path(row.archive) if row.archive else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
