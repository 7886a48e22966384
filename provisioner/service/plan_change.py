"""`plan`: another plan for one client, up or down, unless what it has does not fit in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from provisioner.errors import InvalidRequest, WrongState
from provisioner.plans import Plan, Terms
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service.context import Context
from provisioner.service.convergence import (
    FileReport,
    change_request,
    rehearse_converge,
    require_no_hand_edit,
)
from provisioner.service.operations import perform
from provisioner.service.releases import require_present
from provisioner.service.tenants import require_state, spec_of
from provisioner.service.transaction import changing
from provisioner.spec import TenantRequest, TenantSpec
from provisioner.steps import Step

_CHANGED: Final = (State.RUNNING, State.STOPPED, State.SUSPENDED)
_BYTES_PER_MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One client on another plan.

    `kept` are the figures of its own that stay, `dropped` those the new plan gives as well.
    """

    tenant_id: str
    before: str
    after: str
    kept: Mapping[str, str]
    dropped: Mapping[str, str]
    request: TenantRequest


def change(context: Context, tenant_id: str, plan: str) -> tuple[PlanChange, list[FileReport]]:
    """Give one client another plan and bring it there; return what changed, and each of its files.

    Raises InvalidRequest, before anything is touched, for an unknown plan, one that is over for this client,
    or one in which what the client has does not fit; WrongState as `set` does. When bringing the client there
    fails, it is on its plan as before.
    """
    with changing(context, f"plan {tenant_id} {plan}", tenant_id) as transaction:
        before = transaction.registry.get(tenant_id)
        wanted = _plan(context, before, plan)
        require_no_hand_edit(context, transaction, before, replace(before, request=wanted.request))
        transaction.detail = f"{wanted.before} → {wanted.after}"
        if before.state == State.RUNNING:
            transaction.prepare_host()
        return wanted, change_request(context, transaction, before, wanted.request)


def rehearse(context: Context, tenant_id: str, plan: str) -> Sequence[Step]:
    """Return exactly the steps `change` would do now; touches nothing, raises Refused like it."""
    before = context.registry.get(tenant_id)
    wanted = _plan(context, before, plan)
    return rehearse_converge(context, replace(before, request=wanted.request))


def _plan(context: Context, entry: Entry, plan: str) -> PlanChange:
    require_state(entry, _CHANGED, "plan")
    require_present(context, entry)
    name = context.catalogue.plan_name(plan)
    figures = context.catalogue.plans[name]
    own = entry.request.overrides
    dropped = {key: value for key, value in own.items() if _is_the_plans(figures, key, value)}
    kept = {key: value for key, value in own.items() if key not in dropped}
    request = entry.request.model_copy(update={"plan": name, "overrides": kept, "trial_days": None})
    spec = spec_of(context, request, entry.port)
    _require_not_over(context, spec)
    require_room(context, entry, spec.terms)
    return PlanChange(entry.id, entry.plan, name, kept, dropped, request)


def _is_the_plans(plan: Plan, key: str, value: str) -> bool:
    """Say whether a figure set for one client is what the plan gives anyway."""
    own = Plan.model_validate({**plan.model_dump(), key: value})
    return bool(getattr(own, key) == getattr(plan, key))


def _require_not_over(context: Context, spec: TenantSpec) -> None:
    if spec.expires_on and spec.expires_on < context.clock.now().date():
        raise InvalidRequest(
            "NEW_PLAN",
            f"{spec.plan} is over for this client: it lasts {spec.terms.lasts_days} days from its first one.",
            "Choose a plan that goes on.",
        )


def require_room(context: Context, entry: Entry, after: Terms) -> None:
    """Refuse when the client has more of something than it would be allowed, and than it is allowed now.

    Where no limit falls, nobody is asked: an instance that is ill can be given a larger plan.
    """
    before = spec_of(context, entry.request, entry.port).terms
    if not any(_falls(before, after, key) for key in _HELD):
        return
    held = perform(context, entry, "held", {})
    excess = list(_excess(held, before, after))
    if excess:
        raise WrongState(
            f"{entry.id} has more than the new plan allows: {'; '.join(excess)}.",
            "Let the client make room, or set its own figure first, "
            f"for example `provision set {entry.id} max_users=12`: it stays.",
        )


#: Each limit of a plan that is about what a client has, with its name in the instance's answer and in words.
_HELD: Final[Mapping[str, tuple[str, str]]] = {
    "max_users": ("users", "active users"),
    "max_cases": ("cases", "cases"),
    "max_storage_mb": ("storage_bytes", "MB of documents"),
    "max_api_keys": ("api_keys", "API keys"),
}


def _excess(held: Mapping[str, Any], before: Terms, after: Terms) -> Iterator[str]:
    for key, (name, words) in _HELD.items():
        limit = getattr(after, key)
        unit = _BYTES_PER_MB if key == "max_storage_mb" else 1
        if _falls(before, after, key) and held[name] > limit * unit:
            has = held[name] if unit == 1 else f"{held[name] / unit:.1f}"
            yield f"{has} {words} instead of {limit} ({key})"


def _falls(before: Terms, after: Terms, key: str) -> bool:
    """Say whether a limit becomes smaller; None is unlimited."""
    old, new = getattr(before, key), getattr(after, key)
    return new is not None and (old is None or new < old)
