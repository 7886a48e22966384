"""A client's packages on the dashboard: who may take one, and what is said when nobody hands it over."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from provisioner.actions.requests import Request
from provisioner.dashboard.guard import EXTENSION
from provisioner.dashboard.operators import Operators
from provisioner.dashboard.roles import Role
from provisioner.dashboard.store import Store
from provisioner.host import HostSettings
from tests.dashboard.clock import FixedClock
from tests.dashboard.conftest import EMAIL, PASSWORD, AddClient, post_form
from tests.dashboard.test_access import signed_in
from tests.dashboard.test_clients_page import text

PAGE = "/admin/clients/dupont/packages"
FILE = "dupont-20261121T093000Z.zip"
CONTENT = b"PK" * 100_000
ROW = {
    "file": FILE,
    "made_at": "2026-11-21T09:30:00Z",
    "size": len(CONTENT),
    "key_name": "Accueil",
    "key_hint": "sk_professional_abcd",
    "opens": None,
}
Told = list[dict[str, Any]]
Tell = Callable[[Told, Told], list[Request]]


@pytest.fixture
def handed(app: Flask) -> Tell:
    """Have the other end of the socket tell these lines: to who asks for the list, and for the file."""

    def tell(packages: Told, file: Told) -> list[Request]:
        asked: list[Request] = []

        def answer(request: Request) -> Iterator[Mapping[str, Any]]:
            asked.append(request)
            yield from packages if request.action == "packages" else file

        app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], question=answer)
        return asked

    return tell


def listing(*rows: dict[str, Any]) -> Told:
    return [{"done": {"packages": list(rows)}, "secrets": {}}]


def pieces(content: bytes, sha256: str | None = None) -> Told:
    lines = [
        {"content": base64.b64encode(content[start : start + 50_000]).decode()}
        for start in range(0, len(content), 50_000)
    ]
    digest = sha256 or hashlib.sha256(content).hexdigest()
    return [*lines, {"done": {"size": len(content), "sha256": digest}, "secrets": {}}]


def test_packages_are_listed_and_each_is_handed_over_whole(
    operator: FlaskClient, add_client: AddClient, handed: Tell
) -> None:
    add_client("dupont", "Dupont")
    older = {**ROW, "file": "dupont-20261001T080000Z.zip", "made_at": "2026-10-01T08:00:00Z", "opens": False}
    asked = handed(listing(older, ROW), pieces(CONTENT))

    page = text(operator.get(PAGE, headers={"Accept-Language": "fr"}).get_data(as_text=True))
    taken = post_form(operator, PAGE, f"{PAGE}/{FILE}")

    assert f"21/11/2026 10:30 {FILE} Accueil sk_professional_abcd… inconnu 200 Ko" in page
    assert page.index("inconnu") < page.index("plus valable")
    assert taken.data == CONTENT
    assert taken.headers["Cache-Control"] == "no-store"
    assert (asked[-1].action, asked[-1].who, asked[-1].arguments) == ("package-file", EMAIL, {"file": FILE})


def test_who_only_sees_clients_takes_no_key_away(
    app: Flask, host: HostSettings, clock: FixedClock, add_client: AddClient, handed: Tell
) -> None:
    add_client("dupont", "Dupont")
    operators = Operators(Store(host.root), clock)
    for role in (Role.VIEWER, Role.OPERATOR):
        operators.add(f"{role}@vendor.test", SecretStr(PASSWORD), role)
    asked = handed(listing(ROW), pieces(CONTENT))
    viewer, acting = (signed_in(app, f"{role}@vendor.test") for role in ("viewer", "operator"))

    assert viewer.get(PAGE).status_code == 403
    assert post_form(viewer, "/admin/clients", f"{PAGE}/{FILE}").status_code == 403
    assert asked == []
    assert "packages" not in viewer.get("/admin/clients/dupont").get_data(as_text=True)
    assert post_form(acting, PAGE, f"{PAGE}/{FILE}").status_code == 200


@pytest.mark.parametrize(
    "told",
    [
        pieces(CONTENT, sha256="0" * 64),
        pieces(CONTENT)[1:],
        [{"error": {"message": "It is broken.", "mend": "", "refused": False, "code": "x"}}],
    ],
    ids=["other content", "a piece lacks", "it failed"],
)
def test_a_package_that_does_not_come_whole_is_not_handed_over(
    operator: FlaskClient, add_client: AddClient, handed: Tell, told: Told
) -> None:
    add_client("dupont", "Dupont")
    handed(listing(ROW), told)

    answer = post_form(operator, PAGE, f"{PAGE}/{FILE}")

    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert FILE in answer.get_data(as_text=True)


def test_a_form_of_another_site_takes_nothing(
    operator: FlaskClient, add_client: AddClient, handed: Tell
) -> None:
    add_client("dupont", "Dupont")
    asked = handed(listing(ROW), pieces(CONTENT))

    assert operator.post(f"{PAGE}/{FILE}", data={"csrf_token": "x"}).status_code == 403
    assert "package-file" not in [one.action for one in asked]


def test_when_nobody_answers_the_page_says_so(operator: FlaskClient, add_client: AddClient) -> None:
    add_client("dupont", "Dupont")
    answer = operator.get(PAGE, headers={"Accept-Language": "fr"})
    assert answer.status_code == 503
    assert "n’a pas répondu" in answer.get_data(as_text=True)
    assert operator.get("/admin/clients/nobody/packages").status_code == 404
