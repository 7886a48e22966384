"""A logo is a picture by its content, and an SVG only one that draws."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import InvalidRequest
from provisioner.pictures import LARGEST_BYTES, judge

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17)
JPEG = b"\xff\xd8\xff\xe0" + bytes(16)
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(8)


def svg(inside: str = "", attributes: str = "") -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"{attributes}>{inside}</svg>'.encode()


DRAWINGS = [
    svg(),
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by hand -->' + svg('<path d="M0 0h9"/>'),
    svg('<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><rect fill="url(#a)"/>'),
    svg('<style>.a{fill:#123456;stroke:url(#b)}</style><g class="a"><use href="#c"/></g>'),
    svg('<metadata><x:note xmlns:x="urn:editor" onload="quoted"/></metadata>'),
    svg("<title>Cabinet Dupont &amp; Associés</title>"),
]
ACTIVE = [
    svg("<script>alert(1)</script>"),
    svg(attributes=' onload="alert(1)"'),
    svg('<g onClick="alert(1)"/>'),
    svg('<use href="https://evil.example/x.svg#a"/>'),
    svg('<use xmlns:l="http://www.w3.org/1999/xlink" l:href="data:image/svg+xml,x"/>'),
    svg('<a href="#x"><path d="M0 0"/></a>'),
    svg('<image href="#x"/>'),
    svg('<rect style="fill:url(https://evil.example/x)"/>'),
    svg('<rect fill="url( &quot;//evil.example/x&quot;)"/>'),
    svg("<style>@import url(https://evil.example/x.css);</style>"),
    svg("<style>a{background:u\\72l(https://evil.example)}</style>"),
    svg("<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>"),
    svg('<set attributeName="href" to="javascript:alert(1)"/>'),
    b'<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + svg("&a;"),
    b'<?xml-stylesheet href="https://evil.example/x.css"?>' + svg(),
    b'<html xmlns="http://www.w3.org/1999/xhtml"><svg/></html>',
    b"<svg><path/></svg>",
    svg("<path>"),
    svg("<metadata><script>alert(1)</script></metadata>"),
    svg('<metadata><x xmlns="http://www.w3.org/1999/xhtml" onload="alert(1)"/></metadata>'),
    svg("<style>a{background:ur<!-- -->l(https://evil.example)}</style>"),
    svg("<style>a{background:image-set('https://evil.example/x' 1x)}</style>"),
]


@pytest.mark.parametrize(
    ("content", "suffix"), [(PNG, "png"), (JPEG, "jpg"), (WEBP, "webp"), *((one, "svg") for one in DRAWINGS)]
)
def test_a_picture_is_known_by_its_content_and_named_after_it(content: bytes, suffix: str) -> None:
    picture = judge(content)
    assert picture.content == content
    assert picture.name.startswith("logo-")
    assert picture.name.endswith(f".{suffix}")
    assert judge(content).name == picture.name
    if suffix != "svg":
        assert judge(content + b"x").name != picture.name


@pytest.mark.parametrize("content", ACTIVE)
def test_an_svg_that_does_more_than_draw_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match="logo: "):
        judge(content)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"%PDF-1.7", b"<html></html>", b"\x89PNG", PNG[:12]])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match="no picture of a known kind"):
        judge(content)


def test_a_picture_that_is_too_large_is_refused() -> None:
    judge(PNG.ljust(LARGEST_BYTES, b"x"))
    with pytest.raises(InvalidRequest, match="larger than 500 kB"):
        judge(PNG.ljust(LARGEST_BYTES + 1, b"x"))


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda inside: b"<svg " + inside + b"</svg>"))
def test_whatever_is_given_is_a_picture_or_refused(content: bytes) -> None:
    with suppress(InvalidRequest):
        assert judge(content).content == content
