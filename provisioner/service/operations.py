"""Has an operation done inside a client's instance, running or stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from provisioner.drivers.protocol import Activity, Named
from provisioner.errors import CommandFailed, WrongState
from provisioner.naming import TenantId
from provisioner.operator_client import InstanceRefused, OperatorClient
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.context import Context
from provisioner.service.tenants import names_of, require_state, secrets_of

_ACCEPTED = (State.RUNNING, State.STOPPED, State.SUSPENDED)

#: How long a running instance is given, where half a minute is not enough: a copy may be of gigabytes.
_SECONDS = {"snapshot": 3600.0}

_ONLY_READ = frozenset({"user-list", "role-list", "key-list", "usage", "documents", "held"})


def operate(context: Context, tenant_id: str, name: str, payload: Mapping[str, object]) -> dict[str, Any]:
    """Have an operation of the instance's own table done, and return its answer.

    A running instance is asked through its loopback port; for a stopped one its program is run once, as
    its user. Secrets go in the request body or on standard input. Raises InstanceRefused with the
    instance's own words.
    """
    entry = context.registry.get(tenant_id)
    require_state(entry, _ACCEPTED, name)
    answer = perform(context, entry, name, payload)
    if name not in _ONLY_READ:
        context.writable_registry.add_event(tenant_id, name, context.operator, "done")
    return answer


def perform(context: Context, entry: Entry, name: str, payload: Mapping[str, object]) -> dict[str, Any]:
    """Have an operation done, like `operate`, as part of a command that is recorded as a whole."""
    document = SecretStr(json.dumps({key: value for key, value in payload.items() if value is not None}))
    if _serves(context, entry):
        return client_of(context, entry).administer(name, document, _SECONDS.get(name, 30.0))
    return run_once(context, names_of(entry), name, document)


def client_of(context: Context, entry: Entry) -> OperatorClient:
    """Return a client for a running instance; raises WrongState for one that does not run."""
    require_state(entry, _ACCEPTED, "ingest")
    if entry.port is None or not _serves(context, entry):
        word = "resume" if entry.state == State.SUSPENDED else "start"
        raise WrongState(f"{entry.id} is not running.", f"`provision {word} {entry.id}` starts it.")
    key = secrets_of(context.layout, TenantId(entry.id)).operator_key
    return OperatorClient(entry.id, entry.port, key, context.clock)


def _serves(context: Context, entry: Entry) -> bool:
    tenant_id = TenantId(entry.id)
    activity = context.driver.activities([tenant_id])[tenant_id]
    return activity in (Activity.RUNNING, Activity.ASLEEP)


def run_once(context: Context, tenant: Named, name: str, payload: SecretStr) -> dict[str, Any]:
    """Have an operation done by a client's program, run for that alone while the client is stopped."""
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
