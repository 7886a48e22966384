"""Numbers and dates as a French or an English reader expects them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask import Flask

from tenant_app.web import formats
from tenant_app.web.frame import role_name
from tenant_app.web.language import local_path
from tenant_app.web.typography import spaced

FRENCH = {"Accept-Language": "fr"}
ENGLISH = {"Accept-Language": "en"}


@pytest.mark.parametrize(
    ("octets", "french", "english"),
    [
        (0, "0 o", "0 B"),
        (999, "999 o", "999 B"),
        (1500, "1,5 Ko", "1.5 KB"),
        (20 * 1000**2, "20 Mo", "20 MB"),
        (3 * 1000**3, "3 Go", "3 GB"),
        (5000 * 1000**4, "5 000 To", "5,000 TB"),
    ],
)
def test_sizes_have_the_unit_that_keeps_them_short(
    pages_app: Flask, octets: int, french: str, english: str
) -> None:
    for headers, expected in ((FRENCH, french), (ENGLISH, english)):
        with pages_app.test_request_context("/", headers=headers):
            assert formats.size(octets).replace("\u202f", " ") == expected


def test_the_first_of_the_month_is_an_ordinal_in_french(pages_app: Flask) -> None:
    with pages_app.test_request_context("/", headers=FRENCH):
        assert formats.day(date(2026, 12, 1)) == "1er décembre 2026"
        assert formats.day(date(2026, 12, 11)) == "11 décembre 2026"
        assert formats.month_name("2026-02") == "février 2026"
        assert formats.hour(datetime(2026, 1, 15, 22, 30, tzinfo=UTC)) == "23:30"
        assert formats.euros(Decimal("1234.5")).replace("\u202f", " ").replace("\xa0", " ") == "1 234,50 €"
    with pages_app.test_request_context("/", headers=ENGLISH):
        assert formats.day(date(2026, 12, 1)) == "December 1, 2026"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Cabinet Dupont & Associés", "CD"), ("& Fils", "F"), ("Élan", "É"), ("l'Orme", "LO"), ("«»", "?")],
)
def test_a_monogram_has_one_or_two_letters(name: str, letters: str) -> None:
    assert formats.initials(name) == letters


def test_a_role_of_the_client_s_own_keeps_its_name(pages_app: Flask) -> None:
    with pages_app.test_request_context("/", headers=ENGLISH):
        assert role_name("viewer") == "Read only"
        assert role_name("archiviste") == "archiviste"


@pytest.mark.parametrize(
    "target",
    [None, "", "usage", "https://evil.test", "//evil.test", "/\\evil.test", "/a\\b", "/a\nb", "javascript:x"],
)
def test_only_paths_of_this_site_are_followed(target: str | None) -> None:
    assert local_path(target, "/") == "/"


def test_a_path_of_this_site_is_kept_whole() -> None:
    assert local_path("/documents/3?passage=2&words=1-4", "/") == "/documents/3?passage=2&words=1-4"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Que cherchez-vous ?", "Que cherchez-vous\u202f?"),
        ("Confiance : %(share)s %%", "Confiance\u00a0: %(share)s\u202f%%"),
        ("Dossier « %(title)s »", "Dossier «\u00a0%(title)s\u00a0»"),
        ("%(used)s sur %(allowed)s", "%(used)s sur %(allowed)s"),
        ("What are you looking for?", "What are you looking for?"),
    ],
)
def test_no_line_of_french_begins_with_a_mark(text: str, expected: str) -> None:
    assert spaced(text) == expected


def test_the_texts_of_templates_get_their_spaces(pages_app: Flask) -> None:
    with pages_app.test_request_context("/", headers=FRENCH):
        template = pages_app.jinja_env.from_string(
            '{{ _("Seuil : %(share)s %%", share=87) }} {{ ngettext("%(num)s mot !", "%(num)s mots !", 2) }}'
        )
        assert template.render() == "Seuil\u00a0: 87\u202f% 2 mots\u202f!"
