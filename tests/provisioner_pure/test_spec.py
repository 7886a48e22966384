"""What the operator asks is judged as a whole before anything is touched."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from provisioner.errors import InvalidRequest
from provisioner.spec import AskedOption, TenantRequest, build_spec, parse_settings
from tests.provisioner_pure.samples import CATALOGUE, HOSTILE_TEXTS, host, request, spec

DOCUMENT_004 = {
    "id": "cabinet-dupont",
    "name": "Cabinet Dupont & Associés",
    "siret": "12345678901234",
    "address": "123 Rue de la Justice, 75001 Paris",
    "phone": "01.23.45.67.89",
    "email": "contact@cabinet-dupont.fr",
    "logo": "/static/logo-dupont.png",
    "color": "#2c3e50",
}


def test_document_004s_client_is_accepted_word_for_word() -> None:
    dupont = spec(**DOCUMENT_004)
    kept = {field: getattr(dupont, field) for field in DOCUMENT_004}
    assert kept == DOCUMENT_004


def test_document_004s_client_has_figures_of_its_own() -> None:
    own = parse_settings(["MAX_CASES=5000", "MAX_ANALYSIS_MONTHLY=1000"])
    dupont = build_spec(request(**DOCUMENT_004).with_settings(own), CATALOGUE, host(), 5001)
    assert (dupont.terms.max_cases, dupont.terms.max_analysis_monthly) == (5000, 1000)
    assert dupont.terms.max_users == CATALOGUE.plan("professional").max_users


def test_what_was_not_given_has_a_sensible_default() -> None:
    dupont = spec()
    assert dupont.name == "dupont"
    assert dupont.admin_email == "admin@dupont.localhost"
    assert dupont.assistant_name == "legal"
    assert dupont.color == "#2c3e50"
    assert (dupont.siret, dupont.logo, dupont.expires_on) == ("", "", None)
    assert dupont.instance_name == "dupont-prod"
    assert dupont.system_user == "tn-dupont"


def test_the_clients_own_address_is_its_first_sign_in_unless_another_is_given() -> None:
    assert spec(email="contact@dupont.fr").admin_email == "contact@dupont.fr"
    assert spec(email="contact@dupont.fr", admin_email="it@dupont.fr").admin_email == "it@dupont.fr"


def test_a_trial_ends_thirty_days_after_it_was_asked() -> None:
    assert spec(plan="demo", started_on=date(2026, 1, 31)).expires_on == date(2026, 3, 2)


def test_an_alias_is_recorded_as_the_plan_it_stands_for() -> None:
    assert spec(plan="business").plan == "professional"


def test_a_tenant_answers_on_its_own_name_and_its_domains() -> None:
    dupont = spec(domains=("assistant.cabinet-dupont.fr",))
    assert dupont.server_names == ("dupont.localhost", "assistant.cabinet-dupont.fr")


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_strange_but_printable_names_are_kept_exactly(text: str) -> None:
    assert spec(name=text, address=text).name == text


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("id", "Dupont", "ID"),
        ("plan", "gold", "--plan"),
        ("name", "a\nSECRET_KEY=x", "--name"),
        ("address", "x" * 301, "--address"),
        ("siret", "1234", "--siret"),
        ("phone", "none", "--phone"),
        ("email", "nobody", "--email"),
        ("admin_email", "nobody", "--admin-email"),
        ("logo", "https://evil.example/x.png", "--logo"),
        ("color", "red", "--color"),
        ("assistant", "cook", "--assistant"),
        ("allowed_origins", "https://a.example/", "allowed_origins"),
        ("domains", ("martin.localhost",), "--domain"),
        ("domains", ("localhost",), "--domain"),
        ("domains", ("intranet",), "--domain"),
        ("domains", ("dupont.invalid",), "--domain"),
        ("domains", ("other.localhost",), "--domain"),
        ("domains", ("a.example.fr", "a.example.fr"), "--domain"),
        ("domains", ("A.example.fr",), "--domain"),
        ("overrides", {"max_cases": "0"}, "max_cases"),
        ("overrides", {"max_cases": "5_000"}, "max_cases"),
        ("overrides", {"max_cases": " 5"}, "max_cases"),
        ("overrides", {"max_cases": "-5"}, "max_cases"),
        ("overrides", {"max_api_keys": "many"}, "max_api_keys"),
        ("overrides", {"advanced_features": "perhaps"}, "advanced_features"),
        ("overrides", {"ai_model": "gpt"}, "ai_model"),
        ("overrides", {"price": "1.999"}, "price"),
        ("overrides", {"ld_preload": "x"}, "ld_preload"),
        ("overrides", {"title": "x"}, "title"),
        ("overrides", {"secret_key": "x"}, "secret_key"),
    ],
)
def test_the_first_field_that_does_not_fit_is_named(field: str, value: object, named: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        spec(**{field: value})
    assert refusal.value.field == named


@pytest.mark.parametrize("port", [0, 80, 1023, 65536, -1])
def test_a_port_outside_the_unprivileged_range_is_refused(port: int) -> None:
    with pytest.raises(InvalidRequest, match="--port"):
        build_spec(request(), CATALOGUE, host(), port)


def test_settings_are_typed_like_the_same_keys_of_a_plan() -> None:
    asked = request().with_settings(
        parse_settings(["max_api_keys=unlimited", "advanced_features=false", "price=149.50", "threads=12"])
    )
    terms = build_spec(asked, CATALOGUE, host(), 5001).terms
    assert (terms.max_api_keys, terms.advanced_features, terms.price_cents, terms.threads) == (
        None,
        False,
        14950,
        12,
    )


def test_an_empty_value_goes_back_to_the_default() -> None:
    changed = request().with_settings({"max_cases": "7", "name": "Dupont", "color": "#000000"})
    assert changed.with_settings({"max_cases": "", "name": "", "color": "", "max_users": ""}) == request()


def test_settings_that_no_client_may_have_are_refused_with_those_it_may() -> None:
    with pytest.raises(InvalidRequest, match=r"port: .*max_cases"):
        request().with_settings({"port": "5002"})


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["max_cases"], "does not name a key"),
        (["=3"], "does not name a key"),
        (["a=1", "A=2"], "given twice"),
    ],
)
def test_a_setting_is_one_key_and_one_value(words: list[str], why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        parse_settings(words)


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parse_settings(["name=a=b"]) == {"name": "a=b"}


def test_a_request_survives_the_registry() -> None:
    asked = request(**DOCUMENT_004, domains=("a.example.fr",), overrides={"max_cases": "5000"})
    assert TenantRequest.model_validate_json(asked.model_dump_json()) == asked


def test_an_option_has_the_price_of_plans_yaml_or_one_of_its_own() -> None:
    asked = {
        "extra-key": AskedOption(quantity=2),
        "visites": AskedOption(title="Visite mensuelle", price=Decimal("120.50")),
    }
    dupont = spec(options=asked)
    assert [(one.code, one.price_cents, one.quantity) for one in dupont.options] == [
        ("extra-key", 5_000, 2), ("visites", 12_050, 1),
    ]  # fmt: skip
    assert dupont.terms.max_api_keys == 5
    assert spec(options={"extra-key": AskedOption(price=Decimal(0))}).options[0].price_cents == 0


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"options": {"nothing": AskedOption()}}, "is no option of plans.yaml that is paid by the month"),
        ({"options": {"ingestion": AskedOption()}}, "Those are: extra-key"),
        ({"options": {"x": AskedOption(title="a\nb", price=Decimal(1))}}, "unprintable"),
        ({"plan": "starter", "options": {"extra-key": AskedOption()}}, "not for the plan starter"),
        ({"plan": "enterprise", "options": {"extra-key": AskedOption()}}, "any number"),
    ],
)
def test_an_option_that_a_client_cannot_have_is_refused(more: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        spec(**more)


def test_who_tries_a_plan_owes_nothing_and_is_bound_by_nothing() -> None:
    tries = spec(plan="professional", trial_days=14, started_on=date(2026, 1, 1))
    assert tries.expires_on == date(2026, 1, 15)
    assert (tries.terms.price_cents, tries.terms.commitment_months, tries.terms.notice_days) == (0, 0, 0)
    assert tries.terms.max_users == spec(plan="professional").terms.max_users
