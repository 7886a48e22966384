"""One client's page: its use by day and month, what was done to it, its invoices; and never what it asked."""

from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from provisioner.dashboard.formats import percent
from provisioner.dashboard.guard import EXTENSION
from provisioner.dashboard.observations import Seen
from provisioner.dashboard.operators import Operators
from provisioner.dashboard.roles import Role
from provisioner.dashboard.store import Store
from provisioner.host import HostSettings
from provisioner.invoicing.invoice import Invoice, Numbering
from provisioner.registry.bills import Bills, Files
from provisioner.registry.database import Database
from provisioner.registry.models import State
from provisioner.registry.registry import Registry
from provisioner.service.health import Health
from provisioner.usage_files import UsageRecord
from tests.dashboard.clock import FixedClock
from tests.dashboard.conftest import PASSWORD, AddClient, post_form, usage_of
from tests.dashboard.test_access import signed_in
from tests.dashboard.test_clients_page import text
from tests.provisioner_pure.invoice_samples import invoice, plan_line


def shown(browser: FlaskClient, client_id: str = "dupont") -> str:
    answer = browser.get(f"/admin/clients/{client_id}", headers={"Accept-Language": "fr"})
    assert answer.status_code == 200
    return text(answer.get_data(as_text=True))


def issue(host: HostSettings, clock: FixedClock, client_id: str) -> None:
    def make(numbering: Numbering) -> tuple[Invoice, Files]:
        sample = invoice(plan_line(), number=numbering.number)
        given = {"issued_on": numbering.issued_on, "client_id": client_id}
        return sample.model_copy(update=given), Files("a" * 64, "b" * 64)

    Bills(Database.open(host.layout.registry), clock).issue(make)


def test_days_months_and_availability_are_told_as_they_were_seen(
    operator: FlaskClient, app: Flask, add_client: AddClient, clock: FixedClock
) -> None:
    file = add_client("dupont", "Cabinet Dupont", usage={})
    file.with_name("2026-10.json").write_text("{")
    observations = app.extensions[EXTENSION].observations
    for days, requests, health in ((2, 400, Health.OK), (1, 405, Health.DOWN), (0, 412, Health.OK)):
        usage = UsageRecord.model_validate(usage_of("dupont", requests_used=requests))
        observations.record(clock.now() - timedelta(days=days), [Seen("dupont", health, usage)])

    page = shown(operator)

    for expected in (
        "Requêtes par jour, 7 au plus",
        "21/11/2026 7 0 86 734 Mo",
        "20/11/2026 5 0 86 734 Mo",
        "2026-11 412 245 8 86 734 Mo 299,00 € 1,42 €",
        "2026-10 illisible",
        "2026-11 66,66 % 3 1",
        "La formule promet 99 %.",
    ):
        assert expected in page, expected
    assert "19/11/2026 " not in page


def test_what_was_done_is_told_with_who_did_it(
    operator: FlaskClient, add_client: AddClient, host: HostSettings, clock: FixedClock
) -> None:
    add_client("dupont", "Dupont", usage={})
    registry = Registry(Database.open(host.layout.registry), clock)
    registry.add_event("dupont", "backup dupont", "claire@vendor.test", "done")
    clock.advance(hours=1)
    registry.add_event("dupont", "backup dupont", "claire@vendor.test", "failed", "No space is left.")
    registry.add_event("martin", "suspend martin", "somebody", "done")

    page = shown(operator)

    assert "Dernière sauvegarde 21/11/2026 10:30" in page
    assert "Échecs récents 1" in page
    assert "backup dupont No space is left. échoué claire@vendor.test 21/11/2026 11:30" in page
    assert "somebody" not in page


def test_invoices_and_amounts_are_the_owner_s(
    app: Flask, operator: FlaskClient, add_client: AddClient, host: HostSettings, clock: FixedClock
) -> None:
    add_client("dupont", "Dupont", usage={})
    issue(host, clock, "dupont")
    Operators(Store(host.root), clock).add("viewer@vendor.test", SecretStr(PASSWORD), Role.VIEWER)

    owner, viewer = shown(operator), shown(signed_in(app, "viewer@vendor.test"))

    assert "2026-00001" in owner
    assert "en retard" in owner
    assert "412" in viewer
    for hidden in ("€", "2026-00001", "Suspendre"):
        assert hidden not in viewer


def test_what_a_client_asked_or_holds_is_on_no_page(operator: FlaskClient, add_client: AddClient) -> None:
    """The dashboard opens registry, usage files and its own database: nothing else of a client is read."""
    file = add_client("dupont", "Dupont", usage={})
    data = file.parent.parent
    for place in ("tenant.sqlite3", "originals/contrat.txt", "../.env", "../logs/tenant.log"):
        held = data / place
        held.parent.mkdir(parents=True, exist_ok=True)
        held.write_text("Clause confidentielle de Maître Dupont")
        Path(held).chmod(0)

    assert "confidentielle" not in shown(operator)


def test_there_is_no_page_of_a_client_that_is_not_there(operator: FlaskClient) -> None:
    for client_id in ("nobody", "..", "A", "%00"):
        assert operator.get(f"/admin/clients/{client_id}").status_code == 404
    assert post_form(operator, "/admin/access", "/admin/clients/nobody/backup").status_code == 404


def test_what_cannot_be_done_now_is_not_offered(operator: FlaskClient, add_client: AddClient) -> None:
    add_client("dupont", "Dupont", state=State.SUSPENDED)
    add_client("martin", "Martin", state=State.ARCHIVED)

    assert "Rétablir" in shown(operator)
    assert "Ses pages, ses sessions" not in shown(operator)
    assert "Renouveler les clés" not in shown(operator, "martin")


def test_a_trial_that_is_no_number_of_days_is_refused_and_what_was_typed_stays(operator: FlaskClient) -> None:
    form, given = "/admin/clients/new", {"id": "neuf", "name": "Cabinet Neuf", "plan": "starter"}
    for days in ("abc", "0", "367", "-1", "9" * 5000):
        answer = post_form(operator, form, form, trial_days=days, **given)
        assert answer.status_code == 400
        assert "un essai dure de 1 à 366 jours" in (page := answer.get_data(as_text=True))
        assert 'value="Cabinet Neuf"' in page
        assert f'value="{days}"' in page


def test_a_share_is_never_rounded_up_to_a_promise(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert [text(percent(one)) for one in (1.0, 0.99999, 0.98999, 0.0)] == [
            "100 %",
            "99,99 %",
            "98,99 %",
            "0 %",
        ]
