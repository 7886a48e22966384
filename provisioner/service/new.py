"""`new`: from a request to a client that answers through nginx, or to nothing at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from pydantic import SecretStr

from provisioner import secrets
from provisioner.drivers.protocol import Observed, Tenant, Wish
from provisioner.errors import ProvisionError, UndoFailed, WrongState
from provisioner.naming import parse_tenant_id
from provisioner.pictures import Picture
from provisioner.registry.models import State
from provisioner.registry.registry import Entry, Registry
from provisioner.service import logos, ports
from provisioner.service.context import Context
from provisioner.service.sight import Sight
from provisioner.service.transaction import Transaction, changing
from provisioner.spec import TenantRequest, TenantSecrets, TenantSpec, build_spec
from provisioner.steps import Step, without_repeated_orders


@dataclass(frozen=True, slots=True)
class FirstAccess:
    """What the client's first admin signs in with, and the first API key. Shown once.

    None of one that moved here: its people and keys came along.
    """

    email: str
    password: SecretStr | None
    api_key: SecretStr | None
    logo: Picture | None = None
    restored: bool = False

    def payload(self) -> SecretStr:
        """The JSON document for the instance's `admin init`."""
        secrets_given = {"admin_password": self.password, "api_key": self.api_key}
        document = {
            "admin_email": self.email,
            **{name: one.get_secret_value() for name, one in secrets_given.items() if one},
            **({"logo": logos.payload(self.logo)} if self.logo else {}),
            **({"restored": True} if self.restored else {}),
        }
        return SecretStr(json.dumps(document))


@dataclass(frozen=True, slots=True)
class Created:
    """A new client that answers; `resumed` when an earlier `new` had been cut off."""

    spec: TenantSpec
    url: str
    access: FirstAccess
    resumed: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    tenant: Tenant
    access: FirstAccess
    resumed: bool
    data: tuple[Step, ...] = ()

    @property
    def wish(self) -> Wish:
        return Wish(initial=self.access.payload(), data=self.data)


Data: TypeAlias = Callable[[Tenant], tuple[Step, ...]]
"""Gives the steps that put a backup's data into a new client's data directory."""


class Origin(NamedTuple):
    """Where a new client's data come from: the command that brings them, and whether it is the client itself.

    One that `moves` here keeps its people and keys; a copy of another gets a password and a key of its own.
    """

    command: str
    data: Data
    moves: bool = False


def create(
    context: Context, request: TenantRequest, port: int | None, origin: Origin | None = None
) -> Created:
    """Have a new client serving; a client whose `new` was cut off is taken up again with fresh secrets.

    With `origin` it begins with data that are there.

    Raises Refused (InvalidRequest, WrongState, PortUnavailable, LockHeld) before anything is touched.
    Any other ProvisionError means that it failed and was undone: there is no such client then, unless
    an earlier, cut-off `new` had begun it, which can still be resumed.
    """
    parse_tenant_id(request.id)
    request, logo = _with_logo(request)
    if not context.layout.registry.exists():
        _rehearse(context, request, logo, port)  # whatever is refused is refused before a root is begun
    command = f"{origin.command if origin else 'new'} {request.id}"
    with changing(context, command, request.id, begins=True) as transaction:
        _require_same_command(transaction.sight, request.id, command)
        plan = _plan(context, transaction.registry, request, logo, port, origin)
        spec = plan.tenant.spec
        context.driver.files(plan.tenant)  # a file that cannot be rendered refuses before anything is touched
        transaction.prepare_host()
        _book(transaction.registry, request, plan)
        try:
            _build(context, transaction, plan)
        except UndoFailed:
            raise
        except ProvisionError:
            if not plan.resumed:
                transaction.registry.forget(spec.id)
            raise
    return Created(spec, context.host.public_url(spec.hostname), plan.access, plan.resumed)


def rehearse(context: Context, request: TenantRequest, port: int | None) -> Sequence[Step]:
    """Return exactly the steps `create` would do now; touches nothing, raises Refused like it."""
    return _rehearse(context, *_with_logo(request), port)


def _with_logo(request: TenantRequest) -> tuple[TenantRequest, Picture | None]:
    """Let the request name the logo's place on the client's site, and return the picture to put there."""
    path, picture = logos.take(request.logo)
    return request.model_copy(update={"logo": path}), picture


def _rehearse(
    context: Context, request: TenantRequest, logo: Picture | None, port: int | None
) -> Sequence[Step]:
    plan = _plan(context, context.registry, request, logo, port)
    sight = Sight.without_lock(context)
    steps = (*context.driver.host_steps(sight.host()), *_steps(sight, plan))
    return tuple(without_repeated_orders(steps))


def _plan(
    context: Context,
    registry: Registry,
    request: TenantRequest,
    logo: Picture | None,
    port: int | None,
    origin: Origin | None = None,
) -> _Plan:
    existing = registry.find(request.id)
    if existing:
        _require_resumable(existing, port)
    chosen = existing.port if existing else None
    spec = build_spec(request, context.catalogue, context.host, chosen or _port(context, registry, port))
    keys = TenantSecrets(secret_key=secrets.signing_key(), operator_key=secrets.signing_key())
    tenant = Tenant(spec, keys)
    data = origin.data(tenant) if origin else ()
    return _Plan(tenant, _access(spec, logo, origin), resumed=existing is not None, data=data)


def _access(spec: TenantSpec, logo: Picture | None, origin: Origin | None) -> FirstAccess:
    if origin and origin.moves:
        return FirstAccess(spec.admin_email, None, None, logo, restored=True)
    password, api_key = secrets.password(), secrets.api_key(spec.plan)
    return FirstAccess(spec.admin_email, password, api_key, logo, restored=origin is not None)


def _port(context: Context, registry: Registry, asked: int | None) -> int:
    return ports.choose(asked, registry.booked_ports(), context.host)


def _require_same_command(sight: Sight, tenant_id: str, command: str) -> None:
    """What a `restore` or `import` has begun may hold another client's data: only the same finishes it."""
    begun = {one.command for one in sight.earlier if one.tenant_id == tenant_id}
    for word in ("restore", "import"):
        if not command.startswith(f"{word} ") and f"{word} {tenant_id}" in begun:
            raise WrongState(
                f"{tenant_id!r} was begun by `provision {word}` and not finished.",
                f"Run that `{word}` again to finish it, or `provision purge {tenant_id}` to drop it.",
            )


def _require_resumable(existing: Entry, port: int | None) -> None:
    if existing.state != State.CREATING:
        raise WrongState(
            f"There already is a client {existing.id!r} ({existing.state}).",
            f"`provision show {existing.id}` shows it; `provision user reset-password {existing.id} EMAIL` "
            "gives a new password.",
        )
    if port not in (None, existing.port):
        raise WrongState(
            f"{existing.id!r} was begun with port {existing.port} and not finished.",
            f"Leave `--port` out to finish it, or `provision purge {existing.id}` to drop it.",
        )


def _book(registry: Registry, request: TenantRequest, plan: _Plan) -> None:
    """Write the row before anything else, so that whatever happens leaves something to resume."""
    if plan.resumed:
        registry.change(request, plan.tenant.spec)
    else:
        registry.book(request, plan.tenant.spec)


def _build(context: Context, transaction: Transaction, plan: _Plan) -> None:
    driver, tenant = context.driver, plan.tenant
    transaction.execute(_steps(transaction.sight, plan))
    written = {file.path: file.digest for file in driver.files(tenant)}
    transaction.registry.record_written(tenant.id, written)
    transaction.registry.set_state(tenant.id, State.RUNNING)


def _steps(sight: Sight, plan: _Plan) -> Sequence[Step]:
    observed = sight.tenant(plan.tenant) if plan.resumed else Observed()
    return sight.context.driver.steps(plan.tenant, observed, plan.wish)
