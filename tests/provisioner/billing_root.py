"""A root with a complete vendor and clients in its registry, none of which runs; its clock is the test's."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from provisioner.cli.output import Output
from provisioner.registry.models import State
from provisioner.registry.registry import Registry
from provisioner.runner import SystemRunner
from provisioner.service.context import Context
from provisioner.service.tenants import spec_of
from provisioner.spec import TenantRequest
from provisioner.usage_files import as_json
from tests.provisioner.clock import FixedClock
from tests.provisioner_pure.invoice_samples import CUSTOMER, VENDOR, usage


@dataclass
class BillingRoot:
    """One root; `said` is what commands told beside their results."""

    path: Path
    clock: FixedClock = field(default_factory=FixedClock)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.path.exists():
            self.path.mkdir()
            self.write_vendor()

    def write_vendor(self, **more: Any) -> None:
        """Write host.yaml with the vendor's identity."""
        told = json.loads(VENDOR.model_dump_json())
        (self.path / "host.yaml").write_text(yaml.safe_dump({"vendor": {**told, **more}}, allow_unicode=True))

    @property
    def context(self) -> Context:
        """The root as a fresh command sees it."""
        return Context(
            root=self.path,
            driver_name="local",
            environ={},
            clock=self.clock,
            runner=SystemRunner(),
            observer=Output(),
            say=self.said.append,
        )

    @property
    def registry(self) -> Registry:
        """The registry, to change."""
        return self.context.writable_registry

    def at(self, *when: int) -> None:
        """Set the clock, in UTC."""
        self.clock.moment = datetime(*when, tzinfo=UTC)  # type: ignore[misc,arg-type]

    def add(self, client_id: str, plan: str = "professional", **more: Any) -> None:
        """Have a client since now, stopped, that can be billed."""
        known = {"name": CUSTOMER.name, "siret": CUSTOMER.siret, "address": CUSTOMER.address}
        request = TenantRequest(
            id=client_id, plan=plan, started_on=self.clock.now().date(), **{**known, **more}
        )
        port = 5001 + len(self.registry.all())
        self.registry.book(request, spec_of(self.context, request, port))
        self.registry.set_state(client_id, State.STOPPED)

    def change(self, client_id: str, **more: Any) -> None:
        """Change what a client was asked to be, now."""
        entry = self.registry.get(client_id)
        request = entry.request.model_copy(update=more)
        self.registry.change(request, spec_of(self.context, request, entry.port))

    def used(self, client_id: str, month: str, **more: Any) -> Path:
        """Write a client's usage file of a month."""
        record = usage(month, client_id=client_id, **more).record
        file = self.path / f"client-{client_id}" / "data" / "usage" / f"{month}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(as_json(record)))
        return file


def as_version_1(file: Path) -> None:
    """Make of a registry what the version before bills would have left."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for table in ("terms", "charges", "invoices", "billed_charges", "payments", "kept_usage"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("PRAGMA user_version = 1")
