"""Single values are accepted exactly as typed or refused with the reason."""

from collections.abc import Callable

import pytest

from provisioner import fields
from provisioner.errors import InvalidRequest
from tests.provisioner_pure.samples import HOSTILE_TEXTS


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS, "Cabinet Dupont & Associés", "x" * 120])
def test_a_name_may_hold_any_printable_line(text: str) -> None:
    fields.check_line("--name", text, 120)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "0 characters"),
        ("x" * 121, "121 characters"),
        (" Dupont", "space"),
        ("Dupont ", "space"),
        ("Dupont\n", "space"),
        ("Du\npont", "U+000A"),
        ("Du\rpont", "U+000D"),
        ("Du\tpont", "U+0009"),
        ("Du\x00pont", "U+0000"),
        ("Du\x85pont", "U+0085"),
        ("Du\u2028pont", "U+2028"),
        ("Du\u202epont", "U+202E"),
        ("Du\u200bpont", "U+200B"),
        ("Du\ud800pont", "U+D800"),
        ("${HOME}", "${"),
        ("Dupont\\", "backslash"),
    ],
)
def test_what_no_line_should_hold_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        fields.check_line("--name", text, 120)
    assert why in str(refusal.value)
    assert refusal.value.field == "--name"


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (fields.check_host_name, "assistant.cabinet-dupont.fr"),
        (fields.check_host_name, "localhost"),
        (fields.check_host_name, "xn--caf-dma.fr"),
        (fields.check_email, "contact@cabinet-dupont.fr"),
        (fields.check_email, "prenom.nom+it@Dupont.localhost"),
        (fields.check_siret, "12345678901234"),
        (fields.check_phone, "01.23.45.67.89"),
        (fields.check_phone, "+33 (0)1 23 45 67 89"),
        (fields.check_colour, "#2c3e50"),
        (fields.check_logo, "/static/logo-dupont.png"),
    ],
)
def test_document_004s_own_values_are_accepted(check: Callable[[str, str], None], text: str) -> None:
    check("--field", text)


@pytest.mark.parametrize(
    ("check", "text"),
    [
        *((fields.check_host_name, text) for text in ("", "Dupont.fr", "-a.fr", "a-.fr", "a..fr", "a_b.fr")),
        *(
            (fields.check_host_name, text)
            for text in ("a.fr.", "127.0.0.1", "[::1]", "é.fr", "a.fr\n", "a b.fr")
        ),
        *(
            (fields.check_host_name, text)
            for text in ("a" * 64 + ".fr", ".".join(["abc"] * 70), "a.fr:80", "*.fr")
        ),
        *((fields.check_email, text) for text in ("", "contact", "@a.fr", "a@", "a b@c.fr", "a@b@c.fr")),
        *(
            (fields.check_email, text)
            for text in ("a@c.fr\n", '"a"@c.fr', ".a@c.fr", "a..b@c.fr", "a" * 65 + "@c.fr")
        ),
        *((fields.check_email, text) for text in ("a'b@c.fr", "a;b@c.fr", "a$b@c.fr", "é@c.fr")),
        *((fields.check_siret, text) for text in ("", "1234567890123", "123456789012345", "1234567890123a")),
        *(
            (fields.check_siret, text)
            for text in ("123 456 789 01234", "１２３４５６７８９０１２３４", "12345678901234\n")
        ),
        *((fields.check_phone, text) for text in ("", "12", "01;23456789", "0" * 30, "01 23 45 67 89\n")),
        *(
            (fields.check_colour, text)
            for text in ("", "red", "#fff", "#2c3e5g", "2c3e50", "#2c3e50;", "#2c3e50\n")
        ),
        *(
            (fields.check_logo, text)
            for text in ("", "logo.png", "//evil.example/x.png", "https://e.fr/x.png")
        ),
        *((fields.check_logo, text) for text in ("/../x.png", "/x.exe", "/x.png?a", "/x y.png", "/x.png\n")),
        (fields.check_logo, "/" + "x" * 200 + ".png"),
    ],
)
def test_anything_else_is_refused(check: Callable[[str, str], None], text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        check("--field", text)
    assert refusal.value.mend
