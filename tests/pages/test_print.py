"""What is printed is what was read: words and sources in black on white, without the page's controls."""

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import SignIn, ask


@pytest.mark.parametrize(
    ("path", "hidden", "kept"),
    [
        ("/", ".composer, .conversations, .reader, [data-copy-answer]", ".answer, .sources"),
        ("/documents/1", ".tools, .outline, .pager, .back", ".leaf"),
        # The days of the month are folded in, below the curve that is drawn from them.
        ("/usage", ".skip", ".limits, .course, .ledger:not(details .ledger)"),
    ],
)
def test_a_page_is_printed_without_its_controls(sign_in: SignIn, path: str, hidden: str, kept: str) -> None:
    page = sign_in(color_scheme="dark")
    page.goto(path)
    if path == "/":
        ask(page, "Quel est le montant du dépôt de garantie ?")
    page.emulate_media(media="print")

    for part in page.locator(f"header.top, {hidden}").all():
        expect(part).to_be_hidden()
    for part in page.locator(kept).all():
        expect(part).to_be_visible()
    expect(page.locator("html")).to_have_css("color", "rgb(26, 30, 36)")
    # A page as tall as the window would print its first sheet and nothing after.
    expect(page.locator("html")).to_have_css("overflow-y", "visible")
