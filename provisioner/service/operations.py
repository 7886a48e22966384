"""Has an operation done inside a client's instance, running or stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from provisioner.drivers.protocol import Activity, Tenant
from provisioner.errors import CommandFailed, WrongState
from provisioner.operator_client import InstanceRefused, OperatorClient
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.context import Context
from provisioner.service.tenants import require_state, tenant_of

_ACCEPTED = (State.RUNNING, State.STOPPED, State.SUSPENDED)

_ONLY_READ = frozenset({"user-list", "key-list", "usage", "documents"})


def operate(context: Context, tenant_id: str, name: str, payload: Mapping[str, object]) -> dict[str, Any]:
    """Have an operation of the instance's own table done, and return its answer.

    A running instance is asked through its loopback port; for a stopped one its program is run once, as
    its user. Secrets go in the request body or on standard input. Raises InstanceRefused with the
    instance's own words.
    """
    entry = context.registry.get(tenant_id)
    require_state(entry, _ACCEPTED, name)
    tenant = tenant_of(context, entry)
    document = SecretStr(json.dumps({key: value for key, value in payload.items() if value is not None}))
    if _serves(context, tenant):
        answer = client_of(context, entry).administer(name, document)
    else:
        answer = _run_once(context, tenant, name, document)
    if name not in _ONLY_READ:
        context.writable_registry.add_event(tenant_id, name, context.operator, "done")
    return answer


def client_of(context: Context, entry: Entry) -> OperatorClient:
    """Return a client for a running instance; raises WrongState for one that does not run."""
    tenant = tenant_of(context, entry)
    if not _serves(context, tenant):
        raise WrongState(f"{entry.id} is not running.", f"`provision start {entry.id}` starts it.")
    return OperatorClient(entry.id, tenant.spec.port, tenant.secrets.operator_key, context.clock)


def _serves(context: Context, tenant: Tenant) -> bool:
    activity = context.driver.activities([tenant.id])[tenant.id]
    return activity in (Activity.RUNNING, Activity.ASLEEP)


def _run_once(context: Context, tenant: Tenant, name: str, payload: SecretStr) -> dict[str, Any]:
    command = context.driver.admin_command(tenant, name, payload)
    finished = context.runner.attempt(command)
    answer = _parse(finished.stdout)
    if finished.status == 0 and answer is not None:
        return answer
    error = (answer or {}).get("error")
    if isinstance(error, dict):
        raise InstanceRefused(str(error.get("code", "refused")), f"The instance refuses: {error['message']}")
    raise CommandFailed(command.argv, f"ended with status {finished.status}", finished.said)


def _parse(text: str) -> dict[str, Any] | None:
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
