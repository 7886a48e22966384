"""The vendor's legal texts are there for everybody, in the reader's language, and can do nothing."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tenant_app.settings import Settings
from tests.tenant_app.environment import environment

TEXTS = {
    "cgv": {"fr": "# Conditions\n\nEntre nous.<script>alert(1)</script>", "en": "# Terms"},
    "confidentialite": {"fr": "# Vos données\n\n![x](https://evil.example/x.png)"},
}


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Return the settings of a tenant whose vendor has given some of the texts."""
    return Settings.model_validate(environment(data_dir, legal_texts=json.dumps(TEXTS)))


def test_a_text_is_read_without_signing_in(client: FlaskClient) -> None:
    page = client.get("/legal/cgv")
    assert page.status_code == 200
    assert "<h1>Conditions</h1>" in page.text


def test_in_the_readers_language_or_in_the_one_there_is(client: FlaskClient) -> None:
    english = {"Accept-Language": "en"}
    assert "<h1>Terms</h1>" in client.get("/legal/cgv", headers=english).text
    other = client.get("/legal/confidentialite", headers=english).text
    assert '<article class="prose" lang="fr">' in other


def test_nothing_in_it_runs_or_leads_outside(client: FlaskClient) -> None:
    assert "<script>alert" not in client.get("/legal/cgv").text
    assert (
        "evil.example" not in client.get("/legal/confidentialite").text.replace("&lt;", "<").split("<main")[0]
    )
    assert "<img" not in client.get("/legal/confidentialite").text


def test_what_the_vendor_has_not_given_is_not_there_nor_linked(client: FlaskClient) -> None:
    assert client.get("/legal/mentions-legales").status_code == 404
    assert client.get("/legal/anything").status_code == 404
    sign_in = client.get("/login").text
    assert "/legal/cgv" in sign_in
    assert "/legal/mentions-legales" not in sign_in
