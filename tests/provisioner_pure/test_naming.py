"""An id names a tenant everywhere, so only plain ids are accepted, and each gives its own user."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import InvalidRequest
from provisioner.naming import (
    RESERVED_NAMES,
    hostname,
    instance_name,
    parse_tenant_id,
    system_user,
)

ids = st.from_regex(r"[a-z](-?[a-z0-9]){1,30}", fullmatch=True).filter(
    lambda text: len(text) <= 31 and text not in RESERVED_NAMES
)


@pytest.mark.parametrize("text", ["dupont", "cabinet-dupont", "a1", "x" * 31, "demo"])
def test_a_plain_id_is_accepted_as_typed(text: str) -> None:
    assert parse_tenant_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "x" * 32, "x" * 64, "..", ".", "a/b", "a\\b", "-rf", "1abc", "acme\n", "\nacme"),
        *("acme ", " acme", "Acme", "ACME", "acme_x", "acme.x", "acme-", "ac--me", "ac\x00me", "ac\u200bme"),
        *(
            "аcme",
            "ácme",
            "ａcme",
            "acmeⅠ",
            "${HOME}",
            "{{7*7}}",
            "%n",
            "a;b",
            "a b",
            "a'b",
            'a"b',
            "a$b",
            "a*",
        ),
    ],
)
def test_anything_else_is_refused_and_never_cleaned(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_tenant_id(text)
    assert repr(text) in refusal.value.reason
    assert refusal.value.mend


@pytest.mark.parametrize(
    "text", ["admin", "www", "default", "api", "localhost", "new", "list", "key", "host"]
)
def test_host_names_and_command_words_are_reserved(text: str) -> None:
    with pytest.raises(InvalidRequest, match="reserved"):
        parse_tenant_id(text)


def test_a_tenant_is_named_after_its_id_everywhere() -> None:
    tenant = parse_tenant_id("dupont")
    assert system_user(tenant) == "tn-dupont"
    assert instance_name(tenant) == "dupont-prod"
    assert hostname(tenant, "iamanager.fr") == "dupont.iamanager.fr"


@given(ids)
def test_every_system_user_fits_the_system(text: str) -> None:
    user = system_user(parse_tenant_id(text))
    assert len(user) <= 32
    assert user.startswith(("tn-", "tnx-"))
    assert not user.endswith("-")


@given(st.lists(ids, min_size=2, max_size=6, unique=True))
def test_two_tenants_never_share_a_system_user(texts: list[str]) -> None:
    assert len({system_user(parse_tenant_id(text)) for text in texts}) == len(texts)


def test_the_longest_ids_differing_at_their_end_do_not_share_a_system_user() -> None:
    first, second = parse_tenant_id("x" * 30 + "a"), parse_tenant_id("x" * 30 + "b")
    assert system_user(first) != system_user(second)
