"""The usage page tells what the ledger knows, and nothing else."""

from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from tenant_app.api.context import EXTENSION
from tenant_app.billing.budget import BudgetState
from tenant_app.factory import create_app
from tenant_app.settings import Settings
from tenant_app.web.limits import budget, limit
from tests.embedding_server_fixture import EmbeddingServer
from tests.pages.conftest import OpenPage, SignIn, ask, sign_in_on
from tests.pages.documents import LEASE
from tests.pages.tenant import ADMIN, Tenant, served_tenant
from tests.tenant_app.environment import environment


def test_each_question_asked_counts_once(sign_in: SignIn, tenant: Tenant) -> None:
    page = sign_in()
    with tenant.api() as api:
        before = api.get("/api/billing/usage").json()["usage"]["requests_used"]
    ask(page, "Quel est le montant du dépôt de garantie ?")
    page.goto("/usage")

    requests = page.locator(".limits > div").filter(has_text="Requêtes")
    expect(requests.locator(".amount")).to_contain_text(f"{before + 1} sur 10")
    expect(page.get_by_role("meter", name="Requêtes")).to_have_attribute("aria-valuenow", "0")
    expect(page.get_by_text("Formule Professional")).to_be_visible()
    expect(page.locator(".ledger tfoot")).to_contain_text("299,00")


@pytest.mark.parametrize(
    ("used", "allowed", "share", "level", "comment"),
    [
        (0, 100, 0, "", "Reste 100"),
        (79, 100, 79, "", "Reste 21"),
        (80, 100, 80, "warn", "Reste 20"),
        (999, 1000, 99, "warn", "Reste 1"),
        (100, 100, 100, "bad", "Limite atteinte"),
        (130, 100, 100, "bad", "Limite atteinte"),
        (0, 0, 100, "bad", "Limite atteinte"),
        (5, None, None, "", "Sans limite"),
    ],
)
def test_a_meter_is_full_only_when_the_limit_is_reached(
    pages_app: Flask, used: int, allowed: int | None, share: int | None, level: str, comment: str
) -> None:
    with pages_app.test_request_context("/"):
        shown = limit("Requêtes", used, allowed)

    assert (shown.share, shown.level, shown.comment) == (share, level, comment)


def test_a_limit_that_comes_near_is_told_with_what_follows(
    open_page: OpenPage, tmp_path: Path, embedding_server: EmbeddingServer
) -> None:
    with served_tenant(
        tmp_path, embedding_server.socket, max_requests_monthly="1", max_users="3", max_storage_mb="1"
    ) as tenant:
        # Weight without words: a comment is kept with the original and is no text to be read.
        tenant.add_document("bail.html", b"<p>" + LEASE + b"</p><!--" + b"x" * 860_000 + b"-->")
        page = open_page(tenant.url)
        sign_in_on(page, ADMIN)
        ask(page, "Quel est le montant du dépôt de garantie ?")
        page.goto("/usage")

        reached = page.locator(".notice.bad")
        expect(reached).to_have_count(1)
        expect(reached).to_contain_text("Requêtes : limite atteinte")
        expect(reached).to_contain_text("les questions sont refusées jusqu’au mois prochain")
        expect(page.locator(".notice.warn")).to_contain_text("Stockage : 86 % de la limite")

        page.goto("/")
        # Nobody writes a question that would be refused.
        expect(page.locator("#question")).to_be_disabled()
        expect(page.locator("#send")).to_be_disabled()


@pytest.mark.parametrize(
    ("spent", "allowed", "level", "used"),
    [
        ("0", "10", "", "0,00"),
        ("8.004", "10", "warn", "8,00"),
        ("10", "10", "bad", "10,00"),
        ("3", None, "", "3,00"),
    ],
)
def test_the_model_s_cost_stands_beside_its_budget(
    tmp_path: Path, spent: str, allowed: str | None, level: str, used: str
) -> None:
    settings = Settings.model_validate(environment(tmp_path, openai_base_url="http://127.0.0.1:9/v1"))
    app = create_app(settings)
    state = BudgetState(None if allowed is None else Decimal(allowed), Decimal(spent), Decimal(0))
    with app.test_request_context("/"):
        (shown,) = budget(state, settings)
    app.extensions[EXTENSION].close()

    assert shown.level == level
    assert shown.used.startswith(used)


def test_without_a_model_there_is_no_budget_to_show(pages_app: Flask, tmp_path: Path) -> None:
    settings = Settings.model_validate(environment(tmp_path))

    with pages_app.test_request_context("/"):
        assert budget(BudgetState(Decimal(10), Decimal(0), Decimal(0)), settings) == ()
