"""The page of a document, whatever its address says."""

import pytest
from flask import Flask

from tests.tenant_app.accounts.browser import browser
from tests.tenant_app.assistant.tenant import RESIDENT, Tenant


@pytest.mark.parametrize("asked", ["passage", "from"])
@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30, "x"])
def test_an_address_with_an_impossible_number_shows_the_document_from_its_beginning(
    app: Flask, asked: str, number: int | str
) -> None:
    tenant = Tenant(app, None)
    document = tenant.shelve("resident.txt", RESIDENT)

    page = browser(app, tenant.services, user_id=1).client.get(f"/documents/{document}?{asked}={number}")

    assert page.status_code == 200
    assert "La carte de résident est valable dix ans." in page.text
