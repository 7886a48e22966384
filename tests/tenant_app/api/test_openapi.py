"""The API describes itself, completely, with nothing from elsewhere."""

import html
import io
import re
from html.parser import HTMLParser

from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from tenant_app.api.authentication import PERMISSION_ATTRIBUTE
from tenant_app.api.documentation import documentation_of
from tests.tenant_app.library.samples import packed

UNSAFE_FOR_A_BROWSER = re.compile(r"^(https?:)?//")


class Addresses(HTMLParser):
    """Collects what a page would load or lead to, and whether it holds any script or style of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.addresses += [values[name] or "" for name in ("href", "src", "action") if name in values]
        if tag == "style" or (tag == "script" and "src" not in values) or "style" in values:
            self.inline.append(tag)


def test_every_route_of_the_api_is_described_and_guarded(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(("/api/", "/v1/")):
            continue
        view = app.view_functions[rule.endpoint]
        promise = documentation_of(view)
        assert promise is not None, f"{rule.rule} is not @documented"
        guarded = hasattr(view, PERMISSION_ATTRIBUTE)
        assert guarded != promise.open, f"{rule.rule} must be either guarded or open"


def test_the_description_is_openapi_3_1_and_its_references_exist(client: FlaskClient) -> None:
    described = client.get("/api/openapi.json").json
    assert described is not None
    assert described["openapi"] == "3.1.0"
    schemas = described["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    references = re.findall(r'"#/components/schemas/([^"]+)"', client.get("/api/openapi.json").text)
    assert set(references) <= schemas.keys()
    identifiers = [
        operation["operationId"] for path in described["paths"].values() for operation in path.values()
    ]
    assert len(identifiers) == len(set(identifiers))


def test_a_route_says_what_it_takes_and_gives(client: FlaskClient) -> None:
    described = client.get("/api/openapi.json").json
    assert described is not None
    login = described["paths"]["/api/auth/login"]["post"]
    assert login["security"] == []
    assert login["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/Credentials")
    assert set(login["responses"]) == {"200", "400", "401", "415", "429"}
    change = described["paths"]["/api/users/{user_id}"]["patch"]
    assert change["parameters"][0]["name"] == "user_id"
    assert change["security"] == [{"bearer": []}, {"key": []}]


def test_whoever_sends_an_archive_is_told_before_that_files_come_one_by_one(
    client: FlaskClient, member: dict[str, str]
) -> None:
    described = client.get("/api/openapi.json").json
    assert described is not None
    upload = described["paths"]["/api/documents"]["post"]
    version = described["paths"]["/api/documents/{document_id}/versions"]["post"]
    for operation in (upload, version):
        assert "Une archive ZIP est refusée (415)" in operation["description"]
        assert "415" in operation["responses"]
    assert upload["description"] in html.unescape(client.get("/api/docs").text)

    archive = {"file": (io.BytesIO(packed({"note.txt": b"Une note."})), "notes.zip")}
    assert client.post("/api/documents", data=archive, headers=member).status_code == 415


def test_the_operators_routes_are_not_described(client: FlaskClient) -> None:
    assert "/internal" not in client.get("/api/openapi.json").text


def test_the_page_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    found = Addresses()
    found.feed(page.text)
    assert found.addresses
    assert [address for address in found.addresses if UNSAFE_FOR_A_BROWSER.match(address)] == []
    assert found.inline == []
    assert "POST /api/auth/login" in page.text
