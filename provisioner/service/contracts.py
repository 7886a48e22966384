"""`option`, `charge` and `notice`: what is billed to a client beside its plan, and until when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from provisioner import fields
from provisioner.errors import InvalidRequest
from provisioner.invoicing.agreements import BilledOption, Notice, Term, committed_until, contract_end
from provisioner.invoicing.amounts import cents
from provisioner.invoicing.lines import Charge
from provisioner.invoicing.months import civil_day
from provisioner.registry.models import State
from provisioner.service.context import Context
from provisioner.service.convergence import change_request, require_no_hand_edit
from provisioner.service.plan_change import require_room
from provisioner.service.releases import require_present
from provisioner.service.tenants import require_state, spec_of
from provisioner.service.transaction import changing
from provisioner.spec import AskedOption, TenantRequest

_CHANGED = (State.RUNNING, State.STOPPED, State.SUSPENDED)
_LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True)
class Contract:
    """What binds a client: options, until when it is committed, and when it ends (None: it goes on)."""

    client_id: str
    options: tuple[BilledOption, ...]
    committed_until: date | None
    notice_days: int
    notice_given_on: date | None
    ends_on: date | None


def contract(context: Context, tenant_id: str) -> Contract:
    """Return what binds a client today; raises UnknownTenant."""
    context.registry.get(tenant_id)
    return _contract(context.writable_bills.contract_of(tenant_id), tenant_id)


def add_option(context: Context, tenant_id: str, code: str, asked: AskedOption) -> Contract:
    """Bill a monthly option from today on; more of one that is there already at the same price.

    Raises InvalidRequest for one that is not in plans.yaml and has no title and price of its own.
    """

    def wanted(known: AskedOption | None) -> AskedOption:
        if known is None:
            return asked
        if (known.title, known.price) != (asked.title, asked.price):
            raise InvalidRequest(
                "OPTION",
                f"{tenant_id} has {code} at another price or under another name.",
                f"`provision option remove {tenant_id} {code}` first; what was billed so far stays.",
            )
        return known.model_copy(update={"quantity": known.quantity + asked.quantity})

    return _change(context, f"option add {tenant_id} {code}", tenant_id, code, wanted)


def remove_option(context: Context, tenant_id: str, code: str, quantity: int | None) -> Contract:
    """Bill an option, or some of it, no longer from today on.

    Raises InvalidRequest for one the client does not have, WrongState when it uses what the option gives.
    """

    def wanted(known: AskedOption | None) -> AskedOption | None:
        has = known.quantity if known else 0
        if known is None or (quantity or 0) > has:
            raise InvalidRequest(
                "OPTION",
                f"{tenant_id} has {has} of {code!r}.",
                f"`provision option list {tenant_id}` shows them.",
            )
        left = has - (quantity or has)
        return known.model_copy(update={"quantity": left}) if left else None

    return _change(context, f"option remove {tenant_id} {code}", tenant_id, code, wanted)


def _change(
    context: Context,
    command: str,
    tenant_id: str,
    code: str,
    wanted: Callable[[AskedOption | None], AskedOption | None],
) -> Contract:
    with changing(context, command, tenant_id) as transaction:
        before = transaction.registry.get(tenant_id)
        require_state(before, _CHANGED, "option")
        require_present(context, before)
        begun = transaction.sight.cut_off_since(command)
        request = before.request
        if begun is None or before.updated_at < begun:
            request = _with_option(request, code, wanted(request.options.get(code)))
        after = spec_of(context, request, before.port)
        require_room(context, before, after.terms)
        require_no_hand_edit(context, transaction, before, replace(before, request=request))
        if before.state == State.RUNNING:
            transaction.prepare_host()
        change_request(context, transaction, before, request)
        return _contract(context.writable_bills.contract_of(tenant_id), tenant_id)


def _with_option(request: TenantRequest, code: str, asked: AskedOption | None) -> TenantRequest:
    others = {name: one for name, one in request.options.items() if name != code}
    return request.model_copy(update={"options": {**others, code: asked} if asked else others})


def charge_lots(context: Context, tenant_id: str, code: str, units: int, on: date | None) -> Charge:
    """Bill an option of plans.yaml that is paid by the lot, once: each lot begun counts."""
    option = context.catalogue.options.get(code)
    if option is None or option.per != "lot":
        known = ", ".join(name for name, one in context.catalogue.options.items() if one.per == "lot")
        raise InvalidRequest(
            "OPTION", f"{code!r} is nothing of plans.yaml that is paid by the lot.", f"Those are: {known}."
        )
    lots = -(-units // option.lot_size)
    detail = f"quantité {units}, par lots de {option.lot_size}"
    return _charge(context, tenant_id, on, (code, option.title, detail), lots, cents(option.price))


def charge_amount(context: Context, tenant_id: str, title: str, amount: Decimal, on: date | None) -> Charge:
    """Bill what was agreed on with a client, once; `amount` in euros before tax."""
    fields.check_line("--title", title, _LONGEST_TITLE)
    return _charge(context, tenant_id, on, ("quote", title, ""), 1, cents(amount))


def _charge(
    context: Context, tenant_id: str, on: date | None, named: tuple[str, str, str], quantity: int, price: int
) -> Charge:
    now = today(context)
    if on is not None and on > now:
        raise InvalidRequest("--on", f"{on} has not come yet.", "Charge what was done, on the day it was.")
    code, title, detail = named
    command = f"charge {tenant_id} {code}"
    with changing(context, command, tenant_id, settles=False) as transaction:
        bills = context.writable_bills
        contract_id = bills.contract_of(tenant_id)[-1].contract
        wanted = Charge(0, tenant_id, contract_id, on or now, code, title, detail, quantity, price)
        transaction.detail = title
        begun = transaction.sight.cut_off_since(command)
        recorded = bills.charge_since(wanted, begun, any_day=on is None) if begun else None
        return recorded or bills.add_charge(wanted)


def today(context: Context) -> date:
    """Return the day it is for the vendor."""
    return civil_day(context.clock.now())


def give_notice(context: Context, tenant_id: str, notice: Notice | None) -> Contract:
    """Record that a client leaves, or (None) that it stays after all; return when its contract ends."""
    if notice and notice.given_on > today(context):
        raise InvalidRequest("--on", f"{notice.given_on} has not come yet.", "Give the day it was received.")
    if notice and notice.ends_on and notice.ends_on < notice.given_on:
        raise InvalidRequest("--ends", "the contract would end before the notice.", "Give a later day.")
    with changing(context, f"notice {tenant_id}", tenant_id, settles=False) as transaction:
        bills = context.writable_bills
        bills.contract_of(tenant_id)
        bills.give_notice(tenant_id, notice)
        after = _contract(bills.contract_of(tenant_id), tenant_id)
        transaction.detail = f"ends on {after.ends_on}" if after.ends_on else "taken back"
        return after


def _contract(terms: Sequence[Term], tenant_id: str) -> Contract:
    agreement = terms[-1].agreement
    return Contract(
        tenant_id,
        agreement.options,
        committed_until(terms),
        agreement.notice_days,
        agreement.notice.given_on if agreement.notice else None,
        contract_end(terms) if any(term.agreement.billed for term in terms) else None,
    )
