"""The usage page tells what the ledger knows, and nothing else."""

import pytest
from flask import Flask
from playwright.sync_api import expect

from tenant_app.web.usage_pages import limit
from tests.pages.conftest import SignIn, ask
from tests.pages.tenant import Tenant


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
