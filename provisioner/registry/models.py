"""The registry's tables."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class State(StrEnum):
    """What the operator last asked for; whether it is so now is looked up live."""

    CREATING = "creating"
    """`new` has begun and not ended: run again, it goes on from there."""
    RUNNING = "running"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    ARCHIVED = "archived"


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite itself keeps none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class Base(DeclarativeBase):
    """All tables of the registry."""


class TenantRow(Base):
    """One client: what was asked for, and what follows from it for lists and the dashboard.

    `request` is the TenantRequest as JSON, the truth; `name`, `plan`, `hostname`, `price_cents` and
    `limits` are derived from it whenever it is applied. `archive` is the file `remove` has left.
    """

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    plan: Mapped[str]
    hostname: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    price_cents: Mapped[int]
    limits: Mapped[dict[str, Any]] = mapped_column(JSON)
    request: Mapped[str]
    archive: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    booking: Mapped[PortRow | None] = relationship(
        back_populates="tenant", cascade="all, delete-orphan", lazy="joined"
    )

    @property
    def port(self) -> int | None:
        """The port it has booked; None once it is archived."""
        return self.booking.port if self.booking else None


class PortRow(Base):
    """A booked port. The primary key is what makes booking one twice impossible."""

    __tablename__ = "ports"

    port: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), unique=True)
    tenant: Mapped[TenantRow] = relationship(back_populates="booking")


class DomainRow(Base):
    """A host name of a client's own; nobody else may have it."""

    __tablename__ = "domains"

    host: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))


class WrittenRow(Base):
    """The SHA-256 of a file as Tenantry last wrote it: what tells a hand edit from an old version."""

    __tablename__ = "written"

    path: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"))
    sha256: Mapped[str]


class EventRow(Base):
    """Who did what to which client, and how it ended. Rows are only ever added; triggers see to it."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    tenant_id: Mapped[str]
    command: Mapped[str]
    operator: Mapped[str]
    outcome: Mapped[str]
    detail: Mapped[str]
