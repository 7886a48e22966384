"""Keeps the record of terms beside the clients' entries, in the transaction that changes an entry."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provisioner.invoicing.agreements import Agreement, Customer, Notice, Overage, Term
from provisioner.registry.billing_models import TermRow
from provisioner.registry.models import State, TenantRow
from provisioner.spec import TenantSpec

_AGREED_ONCE = ("commitment_months", "notice_days")
_BILLED = (State.RUNNING, State.STOPPED, State.SUSPENDED)
"""A suspended client is still bound, and so is the vendor: suspension ends no contract."""


def begin(session: Session, spec: TenantSpec, now: datetime) -> None:
    """Begin a new contract, not billed before the client serves.

    An id that is billed without an entry was lost with its host: it is being restored, and its contract goes
    on.
    """
    last = latest(session, spec.id)
    if last and last.agreement.billed:
        _note(session, last, now, _agreement(spec, billed=True, notice=last.agreement.notice))
        return
    newest = session.scalar(select(func.max(TermRow.contract))) or 0
    _add(session, spec.id, newest + 1, now, _agreement(spec, billed=False, notice=None))


def follow(session: Session, spec: TenantSpec, own: Collection[str], now: datetime) -> None:
    """Note what a client's terms are from now on; `own` names the figures set for it alone.

    Commitment and notice are agreed on with a plan or for the client itself: a figure changed in plans.yaml
    binds nobody who is there already. Who tried for nothing was bound by nothing: to pay is agreed on anew.
    """
    last = latest(session, spec.id)
    if last is None:
        return
    before = last.agreement
    now_agreed = _agreement(spec, billed=before.billed, notice=before.notice)
    if before.plan == spec.plan and (before.price_cents or not spec.terms.price_cents):
        kept = {key: getattr(before, key) for key in _AGREED_ONCE if key not in own}
        now_agreed = now_agreed.model_copy(update=kept)
    _note(session, last, now, now_agreed)


def go_back(session: Session, agreed: Term, now: datetime) -> None:
    """Note that what was agreed on before is in force again: a change to it came to nothing."""
    last = latest(session, agreed.client_id)
    if last is not None:
        _note(session, last, now, agreed.agreement)


def follow_state(session: Session, tenant_id: str, state: State | None, now: datetime) -> None:
    """Note whether a client in this state is billed; None: its entry is gone."""
    last = latest(session, tenant_id)
    if last:
        _note(session, last, now, last.agreement.model_copy(update={"billed": state in _BILLED}))


def give_notice(session: Session, tenant_id: str, notice: Notice | None, now: datetime) -> None:
    """Note that a client leaves, or (None) that it stays after all."""
    last = latest(session, tenant_id)
    if last:
        _note(session, last, now, last.agreement.model_copy(update={"notice": notice}))


def latest(session: Session, tenant_id: str) -> Term | None:
    """Return the terms in force for an id, or those that were last."""
    query = select(TermRow).where(TermRow.tenant_id == tenant_id).order_by(TermRow.id.desc()).limit(1)
    row = session.scalar(query)
    return _term(row) if row else None


def history(session: Session, tenant_id: str | None = None) -> list[list[Term]]:
    """Return the terms of each contract, oldest first, of one id or of all."""
    query = select(TermRow).order_by(TermRow.tenant_id, TermRow.contract, TermRow.id)
    if tenant_id is not None:
        query = query.where(TermRow.tenant_id == tenant_id)
    contracts: dict[int, list[Term]] = {}
    for row in session.scalars(query):
        contracts.setdefault(row.contract, []).append(_term(row))
    return list(contracts.values())


def adopt(session: Session) -> None:
    """Give the clients of a registry that kept no terms those that their entries tell of."""
    rows: Sequence[TenantRow] = (
        session.scalars(select(TenantRow).order_by(TenantRow.created_at)).unique().all()
    )
    for contract, row in enumerate(rows, 1):
        told = json.loads(row.request)
        customer = Customer(
            name=row.name, **{key: told.get(key) or "" for key in ("siret", "address", "email")}
        )
        begun = Agreement(
            plan=row.plan, title=row.plan.capitalize(), price_cents=row.price_cents, customer=customer,
            billed=row.state != State.CREATING,
        )  # fmt: skip
        _add(session, row.id, contract, row.created_at, begun)
        if row.state == State.ARCHIVED:
            _add(session, row.id, contract, row.updated_at, begun.model_copy(update={"billed": False}))


def _agreement(spec: TenantSpec, *, billed: bool, notice: Notice | None) -> Agreement:
    terms = spec.terms
    overage = Overage(
        request_cents=int(terms.overage_request_price * 100),
        analysis_cents=int(terms.overage_analysis_price * 100),
    )
    return Agreement(
        plan=spec.plan,
        title=terms.title,
        price_cents=terms.price_cents,
        options=spec.options,
        overage=overage if terms.overage == "bill" else None,
        commitment_months=terms.commitment_months,
        notice_days=terms.notice_days,
        notice=notice,
        customer=Customer(name=spec.name, siret=spec.siret, address=spec.address, email=spec.email),
        billed=billed,
    )


def _note(session: Session, last: Term, now: datetime, agreement: Agreement) -> None:
    if agreement != last.agreement:
        _add(session, last.client_id, last.contract, now, agreement)


def _add(session: Session, tenant_id: str, contract: int, now: datetime, agreement: Agreement) -> None:
    session.add(
        TermRow(tenant_id=tenant_id, contract=contract, since=now, agreement=agreement.model_dump_json())
    )
    session.flush()


def _term(row: TermRow) -> Term:
    agreement = Agreement.model_validate_json(row.agreement)
    return Term(row.id, row.tenant_id, row.contract, row.since, agreement)
