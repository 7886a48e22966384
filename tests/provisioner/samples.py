"""A client to work with."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from provisioner.drivers.protocol import Tenant
from provisioner.host import HostSettings
from provisioner.plans import load_catalogue
from provisioner.resources import plans_file
from provisioner.spec import TenantRequest, TenantSecrets, TenantSpec, build_spec


def request(tenant_id: str = "dupont", **more: Any) -> TenantRequest:
    return TenantRequest(**{"id": tenant_id, "plan": "professional", "started_on": date(2026, 1, 31), **more})


def spec(tenant_id: str = "dupont", port: int = 5001, **more: Any) -> TenantSpec:
    host = HostSettings(root=Path("/srv/t"))
    return build_spec(request(tenant_id, **more), load_catalogue(plans_file()), host, port)


def tenant(*, running: bool = True) -> Tenant:
    keys = TenantSecrets(secret_key=SecretStr("s" * 64), operator_key=SecretStr("o" * 64))
    return Tenant(spec(), keys, running=running)
