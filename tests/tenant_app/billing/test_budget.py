"""The month's budget for the language model: held before each call, never overspent, told once."""

import threading
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tenant_app.accounts.actor import OPERATOR
from tenant_app.billing.budget import SpendingHold
from tenant_app.database import Database
from tests.tenant_app.billing.conftest import BuildBilling

MONTH = "2025-01"


def held(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count(SpendingHold.id))) or 0


def test_of_fifty_calls_at_once_only_those_that_fit_are_held(
    billing: BuildBilling, database: Database
) -> None:
    budget = billing(llm_budget_monthly="1.00").budget
    together = threading.Barrier(50)
    holds: list[int | None] = []

    def call() -> None:
        together.wait()
        holds.append(budget.hold(MONTH, Decimal("0.30")))

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(hold is not None for hold in holds) == 3
    assert held(database) == 3
    assert budget.state(MONTH).held == Decimal("0.90")


def test_what_is_spent_counts_with_what_is_held(billing: BuildBilling) -> None:
    built = billing(llm_budget_monthly="1")
    reservation = built.ledger.reserve(OPERATOR)
    built.ledger.settle(reservation, mode="llm", tokens_in=1, tokens_out=1, cost=Decimal("0.75"))

    assert built.budget.hold(MONTH, Decimal("0.26")) is None
    assert built.budget.hold(MONTH, Decimal("0.25")) is not None
    assert built.budget.hold("2025-02", Decimal("0.26")) is not None


def test_without_a_limit_every_call_is_held(billing: BuildBilling) -> None:
    assert billing().budget.hold(MONTH, Decimal(10_000)) is not None


def test_what_a_dead_process_held_is_let_go_at_boot(billing: BuildBilling, database: Database) -> None:
    built = billing(llm_budget_monthly="1")
    built.budget.hold(MONTH, Decimal("0.9"))

    built.start()

    assert held(database) == 0


def test_the_operator_is_told_at_80_percent_and_at_the_end_once_each(
    billing: BuildBilling, caplog: pytest.LogCaptureFixture
) -> None:
    built = billing(llm_budget_monthly="1")
    for cost in ("0.79", "0.02", "0.19"):
        hold = built.budget.hold(MONTH, Decimal(cost))
        assert hold is not None
        reservation = built.ledger.reserve(OPERATOR)
        built.ledger.settle(reservation, mode="llm", tokens_in=1, tokens_out=1, cost=Decimal(cost))
        built.budget.release(hold, MONTH)
    for _ in range(2):
        assert built.budget.hold(MONTH, Decimal("0.01")) is None

    told = [record.message for record in caplog.records if record.message.startswith("llm_budget")]
    assert told == ["llm_budget_nearly_spent", "llm_budget_spent"]
    assert built.budget.state(MONTH).nearly_spent
