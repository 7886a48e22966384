"""From a client's entry in the registry to the tenant the driver works with."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from io import StringIO

from dotenv import dotenv_values
from pydantic import SecretStr

from provisioner import secrets
from provisioner.drivers.protocol import Names, Tenant
from provisioner.errors import WrongState
from provisioner.filesystem import read_text
from provisioner.layout import Layout
from provisioner.naming import TenantId
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.context import Context
from provisioner.spec import FormerKey, TenantRequest, TenantSecrets, TenantSpec, build_spec


def tenant_of(context: Context, entry: Entry) -> Tenant:
    """Return the client as the catalogue and the host say it shall be today."""
    return Tenant(
        spec_of(context, entry.request, entry.port),
        secrets_of(context.layout, TenantId(entry.id)),
        running=entry.state in (State.RUNNING, State.CREATING),
        suspended=entry.state == State.SUSPENDED,
    )


def names_of(entry: Entry) -> Names:
    """Return what the client is called: all that is needed of one that is not to be changed."""
    return Names(TenantId(entry.id), entry.hostname)


def spec_of(context: Context, request: TenantRequest, port: int | None) -> TenantSpec:
    """Return the specification of a request; an archived client has no port, and needs none to be erased."""
    return build_spec(request, context.catalogue, context.host, port or context.host.port_range.first)


def secrets_of(layout: Layout, tenant_id: TenantId) -> TenantSecrets:
    """Return the client's keys from its .env; fresh ones for what is not there.

    Fresh keys end the client's sessions and tokens, nothing else.
    """
    values = env_values(layout, tenant_id)
    return TenantSecrets(
        secret_key=_key(values.get("SECRET_KEY")),
        operator_key=_key(values.get("OPERATOR_KEY")),
        former=_former(values.get("SECRET_KEY_BEFORE"), values.get("SECRET_KEY_BEFORE_UNTIL")),
    )


def env_values(layout: Layout, tenant_id: TenantId) -> dict[str, str | None]:
    """Return what a client's .env holds; empty when there is none or it may not be read."""

    text = read_text(layout.env_file(tenant_id))
    return dotenv_values(stream=StringIO(text or ""), interpolate=False)


def require_state(entry: Entry, accepted: Collection[State], command: str) -> None:
    """Raise WrongState with the mend unless the client is in one of these states."""
    if entry.state in accepted:
        return
    mends = {
        State.CREATING: f"`provision new {entry.id} …` finishes it, `provision purge {entry.id}` drops it.",
        State.ARCHIVED: f"Its archive is {entry.archive}.",
        State.SUSPENDED: f"`provision resume {entry.id}` brings it back.",
        State.STOPPED: f"`provision start {entry.id}` starts it.",
    }
    raise WrongState(f"{entry.id} is {entry.state}; `{command}` cannot be done.", mends.get(entry.state, ""))


def _key(found: str | None) -> SecretStr:
    return SecretStr(found) if found else secrets.signing_key()


def _former(key: str | None, until: str | None) -> FormerKey | None:
    return FormerKey(SecretStr(key), datetime.fromisoformat(until)) if key and until else None
