"""Bills from the command line: killed between number and files, side by side, on a client that serves."""

from __future__ import annotations

import json
import signal
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from provisioner.invoicing.lines import CountedUsage, month_lines
from provisioner.invoicing.months import Month, add_months, civil_day
from provisioner.registry.bills import Bills
from provisioner.registry.database import BILLS, Database
from provisioner.usage_files import read_export
from tests.provisioner.billing_root import BillingRoot
from tests.provisioner.clock import FixedClock
from tests.provisioner.local_root import LocalRoot
from tests.provisioner_pure.invoice_samples import CUSTOMER

ID = "facture"
TODAY = civil_day(datetime.now(UTC))
LAST = Month(*add_months(TODAY.replace(day=1), -1).timetuple()[:2])
CLIENTS = ("anne", "bruno", "claire", "denis")


@pytest.fixture
def root(tmp_path_factory: pytest.TempPathFactory) -> LocalRoot:
    """A root with clients since long ago that used something last month; nothing runs."""
    path = tmp_path_factory.mktemp("iv") / "r"
    billing = BillingRoot(path)
    billing.at(2026, 1, 5, 9)
    for client in CLIENTS:
        billing.add(client)
        billing.used(client, str(LAST))
    return LocalRoot(path, 0, 0)


def numbers(root: LocalRoot) -> list[str]:
    listed: list[dict[str, Any]] = root.provision("invoice", "list").document
    return [row["number"] for row in listed]


def expected(count: int) -> list[str]:
    return [f"{TODAY.year}-{number:05d}" for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("fault", "folder", "left"),
    [("mkdir:signal=KILL", "invoices", 0), ("fsync:signal=KILL", f"invoices/{TODAY.year}", 1)],
)
def test_killed_between_number_and_files_the_next_close_writes_the_same_bytes(
    root: LocalRoot, fault: str, folder: str, left: int
) -> None:
    killed = root.injected(fault, "invoice", "close", str(LAST), "anne", within=root.path / folder)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(root.path.glob("invoices/*/*"))) == left
    bills = Bills(Database.open_to_read(root.path / "registry.sqlite3", BILLS), FixedClock())
    (recorded,) = bills.invoices()
    closed = root.provision("invoice", "close", str(LAST), "anne")
    assert closed.code == 0, closed.said
    assert [(one["ending"], one["number"]) for one in closed.document] == [("closed-before", expected(1)[0])]
    shown = root.provision("invoice", "show", expected(1)[0]).document
    assert shown["whole"] is True
    assert shown["pdf_sha256"] == recorded.files.pdf_sha256


def test_closes_side_by_side_leave_no_gap_and_no_double(root: LocalRoot) -> None:
    begun = [root.spawn("invoice", "close", str(LAST)) for _ in range(2)]
    told = [json.loads(one.communicate(timeout=240)[0]) for one in begun]
    assert [one.returncode for one in begun] == [0, 0]
    assert numbers(root) == expected(len(CLIENTS))
    made = [one["number"] for document in told for one in document if one["ending"] == "closed"]
    assert sorted(made) == expected(len(CLIENTS))


def test_a_month_that_goes_on_and_words_that_are_none_are_refused(root: LocalRoot) -> None:
    for words in (
        ("close", f"{TODAY:%Y-%m}"),
        ("close", "2026-13"),
        ("show", "2026-99999"),
        ("credit", "2026-00001", "--reason", "x"),
        ("credit", "2026-00001", "--reason", "x", "--amount", "1,50"),
        ("pay", "2026-00001", "--on", "20260201"),
    ):
        assert root.provision("invoice", *words).code == 2, words
    for more in ((), ("ingestion",), ("ingestion", "--units", "3", "--title", "x"), ("--title", "x")):
        assert root.provision("charge", "anne", *more).code == 2, more
    assert numbers(root) == []


def test_from_the_invoice_to_the_accountant(root: LocalRoot, tmp_path: Path) -> None:
    assert root.provision("charge", "anne", "ingestion", "--units", "11", "--on", f"{LAST}-03").code == 0
    closed = root.provision("invoice", "close", str(LAST))
    assert closed.code == 0, closed.said
    one, two, *_ = expected(4)
    assert root.provision("invoice", "pay", one, "--amount", "100").document["balance"] == 618.8
    assert (
        root.provision("invoice", "credit", two, "--whole", "--reason", "Erreur").document["corrects"] == two
    )
    shown = root.provision("invoice", "show", one).document
    assert [line["net"] for line in shown["lines"]] == [299.0, 300.0]
    assert shown["usage"]["month"] == str(LAST)
    told = root.tell("invoice", "show", one)[1]
    assert "charge 1" in told
    assert "718.80" in told
    file = tmp_path / "table.csv"
    exported = root.provision("invoice", "export", "--to", str(file)).document
    assert (exported["rows"], exported["csv"]) == (5, None)
    assert file.read_bytes().startswith(b"\xef\xbb\xbfnumero;type;")
    assert root.provision("invoice", "reminders").document == []
    taken = root.provision("backup", "--host").document
    with tarfile.open(taken["file"]) as archive:
        kept = archive.extractfile(f"invoices/{TODAY.year}/{one}.pdf")
        assert kept is not None
        assert kept.read() == Path(shown["pdf"]).read_bytes()


def test_a_host_built_anew_takes_the_bills_over(
    root: LocalRoot, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert root.provision("invoice", "close", str(LAST), "anne").code == 0
    anew = LocalRoot(BillingRoot(tmp_path_factory.mktemp("iv") / "r").path, 0, 0)
    taken = anew.provision("invoice", "adopt", str(root.path / "registry.sqlite3"))
    assert (taken.code, taken.document) == (0, {"invoices": 1})
    assert [one["number"] for one in anew.provision("invoice", "close", str(LAST)).document] == expected(4)
    assert anew.provision("invoice", "show", expected(1)[0]).document["whole"] is True
    assert anew.provision("invoice", "adopt", str(root.path / "registry.sqlite3")).code == 2


@pytest.fixture(scope="module")
def served(host: LocalRoot) -> Iterator[dict[str, Any]]:
    """A client that serves, bound by nothing."""
    free = ("--set", "commitment_months=0", "--set", "notice_days=0")
    identity = ("--siret", CUSTOMER.siret, "--address", CUSTOMER.address)
    words = ("--plan", "professional", "--admin-email", "a@example.fr", *identity, *free)
    created = host.provision("new", ID, *words)
    assert created.code == 0, created.said
    yield created.document
    bills = Bills(Database.open_to_read(host.path / "registry.sqlite3", BILLS), FixedClock())
    contract = bills.contract_of(ID)[-1].contract
    assert host.provision("purge", ID, "--yes").code == 0
    kept = bills.kept_usage(contract, Month.parse(f"{datetime.now(UTC):%Y-%m}"))
    assert kept is not None, "what it used this month is needed to bill it"
    assert json.loads(kept.content)["client_id"] == ID
    assert [term.agreement.billed for term in bills.contract_of(ID)][-1] is False


@pytest.fixture
def client(served: dict[str, Any]) -> str:
    """Return the id of that client."""
    return str(served["id"])


def test_units_beyond_the_plan_come_to_what_the_client_itself_was_shown(
    host: LocalRoot, served: dict[str, Any]
) -> None:
    figures = ("max_requests_monthly=1", "overage=bill", "overage_request_price=0.07")
    assert host.provision("set", ID, *figures).code == 0
    for _ in range(3):
        answer = httpx.post(
            f"http://127.0.0.1:{host.http_port}/api/chat",
            headers={"Host": f"{ID}.localhost", "X-API-Key": served["api_key"]},
            json={"question": "Combien de jours de congés ?"},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
    record = host.provision("usage", ID).document[0]
    assert (record["overage_fees"], record["total_due"]) == (0.14, 299.14)
    export = read_export(host.path / f"client-{ID}", ID, record["month"])
    assert export is not None
    bills = Bills(Database.open_to_read(host.path / "registry.sqlite3", BILLS), FixedClock())
    month = Month.parse(record["month"])
    # In the hours in which it is another month in Paris, the client was not there yet in the counted one.
    terms = [
        replace(term, since=datetime(month.year, month.number, 2, tzinfo=UTC))
        for term in bills.contract_of(ID)
    ]
    line = month_lines(month, terms, [], CountedUsage(export.record, export.sha256))[-1]
    assert (line.code, line.quantity, line.net_cents) == ("overage-requests", 2, 14)
    assert host.provision("set", ID, "overage=", "max_requests_monthly=").code == 0


def test_an_extra_key_is_billed_given_and_taken_back_only_unused(host: LocalRoot, client: str) -> None:
    def new_key(name: str) -> int:
        return host.provision("key", "new", client, name).code

    assert [new_key("deux"), new_key("trois"), new_key("quatre")] == [0, 0, 2]
    added = host.provision("option", "add", client, "extra-key")
    assert added.code == 0, added.said
    assert added.document["options"][0]["price"] == 50.0
    assert new_key("quatre") == 0
    refused = host.provision("option", "remove", client, "extra-key")
    assert (refused.code, refused.document["error"]["code"]) == (2, "wrong-state")
    keys = host.provision("key", "list", client).document
    assert host.provision("key", "revoke", client, str(keys[-1]["id"])).code == 0
    removed = host.provision("option", "remove", client, "extra-key")
    assert (removed.code, removed.document["options"]) == (0, [])


def test_an_option_killed_once_it_was_recorded_is_not_recorded_twice(host: LocalRoot, client: str) -> None:
    for word, quantity in (("add", 2), ("add", 4), ("remove", 3)):
        more = ("--quantity", "2" if word == "add" else "1")
        host.killed_at_step(1, "option", word, client, "extra-key", *more)
        again = host.provision("option", word, client, "extra-key", *more)
        assert again.code == 0, again.said
        assert [one["quantity"] for one in again.document["options"]] == [quantity]
    assert host.provision("diff", client).code == 0
    assert host.provision("option", "remove", client, "extra-key").code == 0


def test_an_option_agreed_on_alone_and_a_notice(host: LocalRoot, client: str) -> None:
    visits = ("visites", "--title", "Visite mensuelle", "--price", "120.50")
    assert host.provision("option", "add", client, *visits).document["options"][0]["price"] == 120.5
    assert host.provision("option", "add", client, "nothing").code == 2
    days = {civil_day(datetime.now(UTC))}
    told = host.provision("notice", client)
    days.add(civil_day(datetime.now(UTC)))
    assert told.code == 0, told.said
    assert date.fromisoformat(told.document["ends_on"]) in days
    assert host.provision("notice", client, "--withdraw").document["ends_on"] is None
    assert "Visite mensuelle" in host.tell("option", "list", client)[1]
