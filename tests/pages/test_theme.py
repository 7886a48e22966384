"""Whatever colour a client chooses, its pages can be read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.web.theme import DARK_GROUNDS, LIGHT_GROUNDS, Colour, contrast, stylesheet

colours = st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True)


def properties(css: str) -> list[dict[str, Colour]]:
    """Return the properties of each colour scheme, light first."""
    pairs = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    return [
        {name: Colour.parse(light) for name, light, _ in pairs},
        {name: Colour.parse(dark) for name, _, dark in pairs},
    ]


@given(colours)
def test_text_in_the_client_s_colour_is_readable_on_every_ground(colour: str) -> None:
    for scheme, grounds in zip(properties(stylesheet(colour)), (LIGHT_GROUNDS, DARK_GROUNDS), strict=True):
        for ground in (*map(Colour.parse, grounds), scheme["brand-tint"]):
            assert contrast(scheme["brand-text"], ground) >= 4.5


@given(colours)
def test_a_button_in_the_client_s_colour_is_readable_also_under_the_pointer(colour: str) -> None:
    for scheme in properties(stylesheet(colour)):
        assert contrast(scheme["on-brand"], scheme["brand"]) >= 4.5
        assert contrast(scheme["on-brand"], scheme["brand-strong"]) >= 4.5


@pytest.mark.parametrize("colour", ["#2c3e50", "#c0392b", "#1a5276"])
def test_a_colour_that_is_readable_is_left_as_it_is(colour: str) -> None:
    light, _ = properties(stylesheet(colour))

    assert str(light["brand"]) == str(light["brand-text"]) == colour


@pytest.mark.parametrize("text", ["2c3e50", "#2c3e5", "#2c3e501", "#gggggg", "red", "", "#12 456"])
def test_what_is_not_a_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Colour.parse(text)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(Colour.parse("#000000"), Colour.parse("#ffffff")) == pytest.approx(21)
    assert contrast(Colour.parse("#777777"), Colour.parse("#ffffff")) == pytest.approx(4.48, abs=0.01)
