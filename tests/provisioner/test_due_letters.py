"""What is written to clients without anybody asking: reports, reminders, the end of trials. Once each."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from provisioner.invoicing.months import Month
from provisioner.service import mail
from provisioner.service.closing import close
from provisioner.service.due_letters import last_month, write_due
from tests.provisioner.billing_root import BillingRoot


@pytest.fixture
def root(tmp_path: Path) -> BillingRoot:
    root = BillingRoot(tmp_path / "r")
    root.at(2025, 12, 1, 9)
    root.add("dupont", admin_email="marie@dupont.fr", email="contact@dupont.fr")
    return root


def written(root: BillingRoot) -> list[tuple[str, str, str]]:
    """Write what is due and return what was written since the beginning: kind, to whom, subject."""
    spool = mail.spool_of(root.context)
    assert write_due(root.context, spool) == []
    return [(one.kind, one.recipient, one.subject) for one in spool.all()]


def text(root: BillingRoot, number: int) -> str:
    kept = mail.spool_of(root.context).get(number).text
    assert kept is not None
    return kept.get_secret_value()


@pytest.mark.parametrize(
    ("today", "before"),
    [
        (date(2026, 1, 1), Month(2025, 12)),
        (date(2024, 3, 31), Month(2024, 2)),
        (date(2026, 3, 1), Month(2026, 2)),
        (date(2025, 12, 31), Month(2025, 11)),
    ],
)
def test_the_month_that_is_reported_is_the_one_before(today: date, before: Month) -> None:
    assert last_month(today) == before


def test_a_month_that_is_over_is_reported_once(root: BillingRoot) -> None:
    root.used("dupont", "2026-01", requests_used=1245, requests_limit=10000)
    # In Paris it is the first of February, where the month is counted it is still January.
    root.at(2026, 1, 31, 23, 30)
    assert written(root) == []
    root.at(2026, 2, 1, 0, 1)
    expected = ("report", "marie@dupont.fr", "Cabinet Dupont & Associés : votre usage de janvier 2026")
    assert written(root) == [expected]
    assert "Questions : 1\u202f245 sur 10\u202f000" in text(root, 1)
    root.at(2026, 2, 9, 9)
    assert written(root) == [expected]


def test_a_host_whose_mail_begins_later_reports_no_month_long_past(root: BillingRoot) -> None:
    root.used("dupont", "2026-01")
    root.at(2026, 2, 11, 9)
    assert written(root) == []


def test_who_has_no_report_in_the_plan_or_was_not_there_gets_none(root: BillingRoot) -> None:
    root.add("petit", "starter", admin_email="petit@exemple.fr")
    root.used("petit", "2026-01")
    root.at(2026, 2, 1, 9)
    root.add("neuf", admin_email="neuf@exemple.fr")
    root.used("dupont", "2026-01")
    assert [to for _, to, _ in written(root)] == ["marie@dupont.fr"]


def test_an_unpaid_invoice_is_reminded_of_three_times_each_level_once(root: BillingRoot) -> None:
    root.used("dupont", "2026-01")
    root.at(2026, 2, 20, 9)
    close(root.context, Month(2026, 1), None)  # due on 22 March
    subjects = []
    for day in ((3, 22), (3, 26), (3, 27), (3, 28), (4, 11), (5, 1), (6, 1)):
        root.at(2026, *day, 9)
        subjects.append([subject for kind, _, subject in written(root) if kind == "reminder"])
    assert [len(one) for one in subjects] == [0, 0, 1, 1, 2, 3, 3]
    assert subjects[-1] == [
        "Rappel : facture 2026-00001",
        "Second rappel : facture 2026-00001",
        "Dernier rappel avant mise en demeure : facture 2026-00001",
    ]


def test_the_end_of_a_trial_is_told_a_week_before_on_the_eve_and_on_the_day(root: BillingRoot) -> None:
    root.at(2026, 1, 1, 9)
    root.add("essai", "demo", admin_email="zoe@essai.fr")  # thirty days: until 31 January
    told = []
    for day in (1, 23, 24, 25, 30, 31):
        root.at(2026, 1, day, 9)
        told.append(sum(to == "zoe@essai.fr" for _, to, _ in written(root)))
    assert told == [0, 0, 1, 1, 2, 3]
    root.at(2026, 2, 1, 9)
    assert sum(kind == "expiry" for kind, _, _ in written(root)) == 3
    assert "31 janvier 2026" in text(root, 1)
