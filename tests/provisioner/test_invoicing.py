"""From clients and their usage to numbered invoices with their files, once and for ever."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from facturx import get_xml_from_pdf

from provisioner.errors import InvalidConfiguration, InvalidRequest, ProvisionError, StepFailed, UnknownTenant
from provisioner.filesystem import digest
from provisioner.invoicing.agreements import Notice
from provisioner.invoicing.months import Month
from provisioner.invoicing.standing import Status
from provisioner.registry.bills import UnknownInvoice
from provisioner.registry.models import State
from provisioner.service import contracts, invoices, plan_change, settings
from provisioner.service.closing import Closing, Ending, MonthNotOver, close
from provisioner.service.invoice_files import OtherBytes
from provisioner.service.leaving import tell_what_stays_due
from provisioner.spec import AskedOption
from tests.provisioner.billing_root import BillingRoot, as_version_1

JANUARY = Month(2026, 1)


@pytest.fixture
def root(tmp_path: Path) -> BillingRoot:
    """A root with one client since the first of December, a month before it is billed here."""
    root = BillingRoot(tmp_path / "r")
    root.at(2025, 12, 1, 9)
    root.add("dupont")
    root.used("dupont", "2026-01", requests_used=245)
    root.at(2026, 2, 1, 9)
    return root


def endings(closed: list[Closing]) -> dict[str, tuple[str, str | None]]:
    return {one.client_id: (one.ending.value, one.number) for one in closed}


def test_a_month_that_is_over_becomes_an_invoice_with_its_files(root: BillingRoot) -> None:
    assert endings(close(root.context, JANUARY, None)) == {"dupont": ("closed", "2026-00001")}
    shown = invoices.show(root.context, "2026-00001")
    value, files = shown.row.invoice, shown.row.files
    assert (value.net_cents, value.vat_cents, value.gross_cents) == (29_900, 5_980, 35_880)
    assert (value.issued_on, value.due_on) == (date(2026, 2, 1), date(2026, 3, 3))
    assert shown.whole
    assert get_xml_from_pdf(files.pdf.read_bytes(), check_xsd=False)[1] == files.xml.read_bytes()
    assert files.pdf == root.path / "invoices" / "2026" / "2026-00001.pdf"
    for path, mode in ((files.pdf, 0o600), (files.xml, 0o600), (files.pdf.parent, 0o700)):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_the_invoice_names_the_export_of_the_ledger_it_rests_on(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    file = root.path / "client-dupont" / "data" / "usage" / "2026-01.json"
    kept = invoices.show(root.context, "2026-00001").row.invoice.usage
    assert kept is not None
    assert (kept.sha256, kept.requests_used) == (digest(file.read_bytes()), 245)
    assert kept.updated_at.isoformat() == json.loads(file.read_text())["updated_at"]


def test_closed_again_it_changes_nothing(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    before = {path: path.read_bytes() for path in root.path.rglob("2026-00001.*")}
    root.change("dupont", name="Autre nom")
    root.used("dupont", "2026-01", requests_used=9_999)
    assert endings(close(root.context, JANUARY, None)) == {"dupont": ("closed-before", "2026-00001")}
    assert {path: path.read_bytes() for path in root.path.rglob("2026-00001.*")} == before
    assert len(before) == 2


def test_a_registry_from_before_bills_is_brought_up_to_date_by_the_first_close(root: BillingRoot) -> None:
    as_version_1(root.path / "registry.sqlite3")
    assert invoices.rows(root.context) == []
    assert endings(close(root.context, JANUARY, None)) == {"dupont": ("closed", "2026-00001")}
    assert contracts.contract(root.context, "dupont").committed_until is None


def test_a_month_that_goes_on_anywhere_is_refused(root: BillingRoot) -> None:
    root.at(2026, 1, 31, 23, 30)
    with pytest.raises(MonthNotOver, match="2026-01 is not over"):
        close(root.context, JANUARY, None)
    assert invoices.rows(root.context) == []
    with pytest.raises(UnknownTenant):
        close(root.context, Month(2025, 12), "nobody")


def test_a_vendor_that_is_not_complete_numbers_nothing(root: BillingRoot) -> None:
    root.write_vendor(vat_number="")
    with pytest.raises(InvalidConfiguration, match=r"host\.yaml: vendor\.vat_number"):
        close(root.context, JANUARY, None)
    assert invoices.rows(root.context) == []
    assert not (root.path / "invoices").exists()


def test_who_cannot_be_billed_is_told_and_the_others_go_on(root: BillingRoot) -> None:
    root.at(2026, 1, 10, 9)
    root.add("aubert", siret=None)
    root.add("bernard")
    root.add("zola")
    for client in ("aubert", "bernard", "zola"):
        root.used(client, "2026-01")
    damaged = root.path / "client-bernard" / "data" / "usage" / "2026-01.json"
    damaged.unlink()
    damaged.symlink_to("/etc/passwd")
    root.at(2026, 2, 1, 9)
    closed = close(root.context, JANUARY, None)
    assert endings(closed) == {
        "aubert": ("not-closed", None),
        "bernard": ("not-closed", None),
        "dupont": ("closed", "2026-00001"),
        "zola": ("closed", "2026-00002"),
    }
    told = {one.client_id: str(one.error) for one in closed if one.error}
    assert "`provision set aubert siret=" in told["aubert"]
    assert "cannot be opened safely" in told["bernard"]
    root.change("aubert", siret="11122233344455")
    assert endings(close(root.context, JANUARY, "aubert")) == {"aubert": ("closed", "2026-00003")}


def test_a_free_client_owes_nothing_and_takes_no_number(root: BillingRoot) -> None:
    root.at(2026, 1, 3, 9)
    root.add("essai", plan="demo")
    root.used("essai", "2026-01")
    root.at(2026, 2, 1, 9)
    assert endings(close(root.context, JANUARY, "essai")) == {"essai": ("nothing-due", None)}


OVERAGE = {"overage": "bill", "overage_analysis_price": "0.30", "max_api_keys": "3"}


def test_plan_changes_options_charges_and_units_beyond_are_on_one_invoice(root: BillingRoot) -> None:
    root.at(2026, 1, 10, 9)
    root.change("dupont", plan="enterprise", overrides=OVERAGE)
    options = {"extra-key": AskedOption(quantity=2)}
    root.change("dupont", options=options)
    root.used("dupont", "2026-01", analyses_used=2_010, analyses_limit=2_000, overage_fees=Decimal("3.00"))
    charged = contracts.charge_lots(root.context, "dupont", "ingestion", 23, None)
    contracts.charge_amount(root.context, "dupont", "Formation", Decimal(1_200), date(2026, 1, 9))
    root.at(2026, 2, 1, 9)
    close(root.context, JANUARY, "dupont")
    lines = invoices.show(root.context, "2026-00001").row.invoice.lines
    assert [(line.code, line.net_cents) for line in lines] == [
        ("plan", 8_680), ("plan", 42_510), ("extra-key", 7_097), ("overage-analyses", 300), ("quote",
        120_000), ("ingestion", 45_000),
    ]  # fmt: skip
    assert lines[-1].source.charge == charged.id
    assert lines[-1].detail == "quantité 23, par lots de 10"
    assert contracts.charge_lots(root.context, "dupont", "ingestion", 10, None).quantity == 1
    root.used("dupont", "2026-02", overage_fees=Decimal("0.00"))
    root.at(2026, 3, 1, 9)
    close(root.context, Month(2026, 2), "dupont")
    assert [line.code for line in invoices.show(root.context, "2026-00002").row.invoice.lines] == [
        "plan", "extra-key", "ingestion",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        lambda context: contracts.charge_lots(context, "dupont", "extra-key", 1, None),
        lambda context: contracts.charge_lots(context, "dupont", "nothing", 1, None),
        lambda context: contracts.charge_amount(context, "dupont", "a\nb", Decimal(1), None),
        lambda context: contracts.charge_amount(context, "dupont", "x", Decimal(1), date(2026, 2, 2)),
        lambda context: contracts.charge_amount(context, "nobody", "x", Decimal(1), None),
        lambda context: contracts.give_notice(context, "dupont", Notice(given_on=date(2026, 2, 2))),
    ],
)
def test_what_cannot_be_charged_is_refused(root: BillingRoot, wrong: Callable[..., object]) -> None:
    with pytest.raises((InvalidRequest, UnknownTenant)):
        wrong(root.context)
    assert root.context.bills.open_charges(1, date(2030, 1, 1)) == []


def test_a_client_that_left_is_billed_to_the_end_of_its_contract_from_what_was_kept(
    root: BillingRoot,
) -> None:
    root.at(2026, 1, 20, 9)
    root.change("dupont", overrides={"commitment_months": "0", "notice_days": "30"})
    root.registry.forget("dupont")
    root.at(2026, 3, 1, 9)
    assert endings(close(root.context, JANUARY, None)) == {"dupont": ("closed", "2026-00001")}
    close(root.context, Month(2026, 2), None)
    line = invoices.show(root.context, "2026-00002").row.invoice.lines[0]
    assert (line.last_day, line.net_cents) == (date(2026, 2, 18), 19_221)
    late = contracts.give_notice(root.context, "dupont", Notice(given_on=date(2026, 3, 1)))
    assert late.ends_on == date(2026, 2, 19)


@pytest.mark.parametrize("overrides", [{}, {"commitment_months": "24", "notice_days": "30"}])
def test_a_change_that_fails_binds_and_frees_nobody(root: BillingRoot, overrides: dict[str, str]) -> None:
    root.change("dupont", overrides=overrides)
    agreed = root.context.bills.contract_of("dupont")[-1].agreement
    # Nothing runs in this root: whatever is to be in force of a client fails.
    with pytest.raises(StepFailed):
        settings.change(root.context, "dupont", {"commitment_months": "0"})
    assert root.context.bills.contract_of("dupont")[-1].agreement == agreed
    with pytest.raises(StepFailed):
        plan_change.change(root.context, "dupont", "enterprise")
    assert root.context.bills.contract_of("dupont")[-1].agreement == agreed


def test_who_left_within_its_commitment_can_be_let_off(root: BillingRoot) -> None:
    root.at(2026, 1, 20, 9)
    root.registry.forget("dupont")
    tell_what_stays_due(root.context, "dupont")
    (told,) = root.said
    assert "dupont is billed until 2026-12-01" in told
    assert "`provision notice dupont --ends 2026-01-20` lets it off" in told
    let_off = Notice(given_on=date(2026, 1, 20), ends_on=date(2026, 1, 20))
    assert contracts.give_notice(root.context, "dupont", let_off).ends_on == date(2026, 1, 20)
    tell_what_stays_due(root.context, "dupont")
    assert len(root.said) == 1
    root.at(2026, 3, 1, 9)
    close(root.context, JANUARY, None)
    assert invoices.show(root.context, "2026-00001").row.invoice.lines[0].last_day == date(2026, 1, 19)
    assert endings(close(root.context, Month(2026, 2), None)) == {"dupont": ("nothing-due", None)}


def test_notice_says_when_a_contract_ends_and_can_be_taken_back(root: BillingRoot) -> None:
    told = contracts.give_notice(root.context, "dupont", Notice(given_on=date(2026, 2, 1)))
    assert (told.committed_until, told.ends_on) == (date(2026, 12, 1), date(2026, 12, 1))
    agreed = Notice(given_on=date(2026, 2, 1), ends_on=date(2026, 3, 1))
    assert contracts.give_notice(root.context, "dupont", agreed).ends_on == date(2026, 3, 1)
    assert contracts.give_notice(root.context, "dupont", None).ends_on is None


def test_money_comes_in_and_what_is_late_is_known(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    row = invoices.pay(root.context, "2026-00001", None, 10_000)
    assert (row.standing.balance, row.standing.status) == (25_880, Status.OPEN)
    for amount in (25_881, 0, -10_001):
        with pytest.raises(InvalidRequest, match=r"258\.80 € are left of 2026-00001, 100\.00 € were paid"):
            invoices.pay(root.context, "2026-00001", None, amount)
    with pytest.raises(InvalidRequest, match="has not come yet"):
        invoices.pay(root.context, "2026-00001", date(2026, 2, 2), 1)
    root.at(2026, 3, 3, 22, 59)
    assert invoices.rows(root.context)[0].standing.status == Status.OPEN
    levels = []
    for day in ((3, 3, 23), (3, 7, 22), (3, 7, 23), (3, 23, 9), (4, 12, 9)):
        root.at(2026, *day)
        assert invoices.rows(root.context)[0].standing.status == Status.OVERDUE
        levels.append([one.level for one in invoices.reminders(root.context)])
    assert levels == [[], [], [1], [2], [3]]
    assert invoices.pay(root.context, "2026-00001", date(2026, 4, 11), None).standing.status == Status.PAID
    assert invoices.reminders(root.context) == []
    assert invoices.pay(root.context, "2026-00001", None, -25_880).standing.status == Status.OVERDUE


def test_a_credit_note_is_of_the_same_series_and_leaves_the_invoice_as_it_is(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    before = root.context.bills.invoice("2026-00001")
    note = invoices.add_credit(root.context, "2026-00001", 5_000, "Service interrompu")
    assert (note.invoice.number, note.invoice.gross_cents) == ("2026-00002", 6_000)
    shown = invoices.show(root.context, "2026-00001")
    assert shown.row.recorded == before
    assert (shown.row.standing.balance, shown.credit_notes) == (29_880, ["2026-00002"])
    invoices.add_credit(root.context, "2026-00001", None, "Émise à tort")
    assert invoices.show(root.context, "2026-00001").row.standing.status == Status.CREDITED
    with pytest.raises(InvalidRequest):
        invoices.add_credit(root.context, "2026-00001", 1, "Encore")
    with pytest.raises(InvalidRequest, match="is a credit note"):
        invoices.pay(root.context, "2026-00002", None, 1)
    with pytest.raises(UnknownInvoice):
        invoices.add_credit(root.context, "2026-00009", None, "Inconnue")
    assert [row.invoice.number for row in invoices.rows(root.context)] == [
        "2026-00001", "2026-00002", "2026-00003",
    ]  # fmt: skip


def test_the_accountants_table_adds_up_and_holds_no_formula(root: BillingRoot) -> None:
    root.change("dupont", name="=HYPERLINK(1)")
    close(root.context, JANUARY, None)
    invoices.add_credit(root.context, "2026-00001", None, "Émise à tort")
    rows = list(csv.DictReader(io.StringIO(invoices.as_csv(invoices.rows(root.context))), delimiter=";"))
    assert [(row["numero"], row["type"], row["total_ttc"]) for row in rows] == [
        ("2026-00001", "facture", "358,80"), ("2026-00002", "avoir", "-358,80"),
    ]  # fmt: skip
    assert {row["nom"] for row in rows} == {"'=HYPERLINK(1)"}
    assert Path(rows[0]["pdf"]).is_file()
    assert rows[1]["facture_d_origine"] == "2026-00001"
    assert [row["etat"] for row in rows] == ["annulée par avoir", ""]


def test_a_file_that_is_gone_or_changed_is_told_and_written_again_only_as_it_was(root: BillingRoot) -> None:
    close(root.context, JANUARY, None)
    files = invoices.show(root.context, "2026-00001").row.files
    right = files.pdf.read_bytes()
    files.pdf.write_bytes(right + b"\n")
    assert not invoices.show(root.context, "2026-00001").whole
    files.pdf.unlink()
    close(root.context, JANUARY, None)
    assert files.pdf.read_bytes() == right
    assert any("were written" in line for line in root.said)


def test_another_file_than_was_recorded_is_never_written(
    root: BillingRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    close(root.context, JANUARY, None)
    invoices.show(root.context, "2026-00001").row.files.pdf.unlink()
    monkeypatch.setattr("provisioner.invoicing.mentions.DISCOUNT", "Autre version.")
    with pytest.raises(OtherBytes, match="would write another"):
        close(root.context, JANUARY, None)


def test_a_suspended_client_is_still_bound(root: BillingRoot) -> None:
    root.registry.set_state("dupont", State.SUSPENDED)
    assert close(root.context, JANUARY, None)[0].ending == Ending.CLOSED


def test_what_fails_is_an_event_and_takes_no_number(root: BillingRoot) -> None:
    root.change("dupont", name="株式会社")
    (closed,) = close(root.context, JANUARY, None)
    assert isinstance(closed.error, ProvisionError)
    assert "cannot be set" in str(closed.error)
    last = root.context.registry.events("dupont", 1)[0]
    assert (last.command, last.outcome) == ("invoice close 2026-01 dupont", "failed")
    root.change("dupont", name="Dupont")
    assert endings(close(root.context, JANUARY, None)) == {"dupont": ("closed", "2026-00001")}
