"""Every place is reached: on a laptop in one bar, on a phone behind one button, by keyboard, by role."""

import re

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import SignIn
from tests.pages.tenant import ADMIN, MEMBER, VIEWER

PHONE = {"width": 360, "height": 740}
PLACES = {
    ADMIN: ["Assistant", "Dossiers", "Documents", "Recherche", "Consommation", "Utilisateurs", "Paramètres"],
    MEMBER: ["Assistant", "Dossiers", "Documents", "Recherche", "Consommation", "Paramètres"],
    VIEWER: ["Assistant", "Dossiers", "Documents", "Recherche", "Paramètres"],
}


@pytest.mark.parametrize("email", PLACES)
def test_everybody_is_offered_the_places_of_their_role(sign_in: SignIn, email: str) -> None:
    page = sign_in(email)
    links = page.get_by_role("navigation", name="Rubriques").get_by_role("link")

    expect(links.first).to_be_visible()
    assert [name for name in links.all_inner_texts() if name in PLACES[ADMIN]] == PLACES[email]


@pytest.mark.parametrize("width", [1920, 1440, 1280, 1100])
def test_on_a_laptop_all_places_stand_in_the_bar(sign_in: SignIn, width: int) -> None:
    page = sign_in(viewport={"width": width, "height": 800})

    expect(page.get_by_role("button", name="Menu")).to_be_hidden()
    account = page.locator(".account").bounding_box()
    brand = page.locator(".brand").bounding_box()
    assert account is not None
    assert brand is not None
    for link in page.locator(".places a").all():
        box = link.bounding_box()
        assert box is not None
        assert brand["x"] + brand["width"] <= box["x"]
        assert box["x"] + box["width"] <= account["x"]
        assert box["y"] + box["height"] <= 57


def test_on_a_phone_the_places_are_behind_one_button_that_the_keyboard_opens(sign_in: SignIn) -> None:
    page = sign_in(viewport=PHONE)
    places = page.locator("#places")
    expect(places).to_be_hidden()

    page.get_by_role("button", name="Menu").focus()
    page.keyboard.press("Enter")
    expect(places).to_be_visible()
    page.keyboard.press("Tab")
    expect(places.get_by_role("link", name="Assistant")).to_be_focused()
    page.keyboard.press("Escape")
    expect(places).to_be_hidden()
    expect(page.get_by_role("button", name="Menu")).to_be_focused()

    page.keyboard.press("Enter")
    places.get_by_role("link", name="Paramètres").click()
    expect(page).to_have_url(re.compile("/settings$"))


def test_the_present_place_is_marked(sign_in: SignIn) -> None:
    page = sign_in()
    for path, name in (("/", "Assistant"), ("/documents/1", "Documents"), ("/users", "Utilisateurs")):
        page.goto(path)
        expect(page.locator(".places [aria-current=page]")).to_have_text(name)


def test_the_first_thing_the_keyboard_reaches_leads_past_the_bar(sign_in: SignIn) -> None:
    page = sign_in()
    page.goto("/settings")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.get_by_role("button", name="Comme mon appareil")).to_be_focused()
