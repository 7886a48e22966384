"""What the host gives its clients stands at the foot of the clients' page, in the reader's language."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from provisioner.dashboard.guard import EXTENSION
from provisioner.dashboard.promises import TEXTS, told
from provisioner.drivers.local_promises import promises
from provisioner.drivers.local_users import LocalUsers
from provisioner.drivers.systemd_promises import PROMISES


def page_of(browser: FlaskClient, language: str) -> str:
    return browser.get("/admin/clients", headers={"Accept-Language": language}).get_data(as_text=True)


def test_every_promise_of_every_driver_has_its_words(app: Flask) -> None:
    with app.test_request_context():
        for given in (PROMISES, promises(LocalUsers(separate=True)), promises(LocalUsers(separate=False))):
            shown = told(given)
            assert len(shown) == len(given)
            assert [one.kept for one in shown] == sorted((one.kept for one in given), reverse=True)


def test_they_are_read_in_french_and_in_english(operator: FlaskClient, app: Flask) -> None:
    limits = sum(not one.kept for one in app.extensions[EXTENSION].driver().promises())
    french, english = page_of(operator, "fr"), page_of(operator, "en")
    assert "Les clients partagent le réseau de l’hôte." in french
    assert "Clients share the host’s network." in english
    assert french.count(">limite<") == english.count(">limit<") == limits


@pytest.mark.parametrize("separate", [True, False])
def test_clients_that_are_not_kept_apart_are_pointed_out(
    operator: FlaskClient, app: Flask, separate: bool
) -> None:
    mark = app.extensions[EXTENSION].host.layout.run / "users"
    mark.parent.mkdir(parents=True)
    mark.write_text("separate\n" if separate else "one\n")

    page = page_of(operator, "fr")

    assert ("à lire" in page) is not separate
    assert (str(TEXTS["own-user", separate]) in page) is True
