"""`rotate`: fresh keys for a client, the one before accepted as long as people's sessions last."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from provisioner import secrets
from provisioner.drivers.protocol import Tenant
from provisioner.errors import WrongState
from provisioner.filesystem import digest, read_text
from provisioner.registry.models import State
from provisioner.service.context import Context
from provisioner.service.convergence import bring, hand_edited
from provisioner.service.releases import require_present
from provisioner.service.tenants import require_state, tenant_of
from provisioner.service.transaction import Transaction, changing
from provisioner.spec import FormerKey, TenantSecrets

OVERLAP: Final = timedelta(hours=12)
"""As long as a browser's session lasts in the tenant's application; a program's token lasts 15 minutes."""


def rotate(context: Context, tenant_id: str, *, at_once: bool) -> datetime | None:
    """Give a client a fresh signing key and a fresh operator key; return until when the old one is read.

    With `at_once` the old key opens nothing from now on: everybody signs in again. API keys stay. Cut off,
    the same command goes on with the keys it had written. Raises WrongState when the .env was edited by hand.
    """
    with changing(context, f"rotate {tenant_id}", tenant_id) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, (State.RUNNING, State.STOPPED, State.SUSPENDED), "rotate")
        require_present(context, entry)
        transaction.prepare_host()
        now = tenant_of(context, entry)
        _require_own_settings(context, transaction, now)
        keys = now.secrets
        if not _written_already(context, transaction, now):
            keys = fresh(keys, context.clock.now(), at_once=at_once)
        elif at_once:
            keys = replace(keys, former=None)
        wanted = replace(now, secrets=keys)
        bring(context, transaction, wanted, reset=False)
        former = wanted.secrets.former
        transaction.detail = f"the former key is read until {former.until:%Y-%m-%dT%H:%MZ}" if former else ""
        return former.until if former else None


def fresh(keys: TenantSecrets, moment: datetime, *, at_once: bool) -> TenantSecrets:
    """Return new keys; the signing key there was stays readable for `OVERLAP`, or not at all."""
    former = None if at_once else FormerKey(keys.secret_key, (moment + OVERLAP).replace(microsecond=0))
    return TenantSecrets(secret_key=secrets.signing_key(), operator_key=secrets.signing_key(), former=former)


def _require_own_settings(context: Context, transaction: Transaction, tenant: Tenant) -> None:
    env = context.layout.env_file(tenant.id)
    if env in hand_edited(context, transaction, tenant):
        raise WrongState(
            f"{env} was edited by hand and would be kept: the new keys would not be in force.",
            f"`provision diff {tenant.id}` shows the edit; `provision apply {tenant.id} --reset` drops it; "
            "then run this command again.",
        )


def _written_already(context: Context, transaction: Transaction, tenant: Tenant) -> bool:
    """Whether a `rotate` that was cut off has put its new keys in place: more of them would end sessions."""
    env = context.layout.env_file(tenant.id)
    begun = [one.writes for one in transaction.sight.earlier if one.command == f"rotate {tenant.id}"]
    there = (env, digest((read_text(env) or "").encode()))
    return any(there in writes for writes in begun)
