"""plans.yaml decides what is sold; an error in it is named by its path in the file."""

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioner.errors import InvalidConfiguration, InvalidRequest
from provisioner.plans import load_catalogue, parse_catalogue
from provisioner.resources import plans_file
from tests.provisioner_pure.samples import CATALOGUE


def shipped_content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(plans_file().read_text(encoding="utf-8"))
    return copy.deepcopy(content)


@pytest.mark.parametrize(
    ("plan", "price_cents", "users", "cases", "analyses", "requests", "per_minute", "keys", "advanced"),
    [
        ("demo", 0, 3, 50, 10, 100, 5, 1, False),
        ("starter", 9900, 3, 500, 100, 1000, 10, 1, False),
        ("professional", 29900, 10, 2000, 500, 10000, 30, 3, True),
        ("enterprise", 59900, 50, 10000, 2000, None, 100, None, True),
    ],
)
def test_the_shipped_plans_are_those_of_the_price_list(
    plan: str,
    price_cents: int,
    users: int,
    cases: int,
    analyses: int,
    requests: int | None,
    per_minute: int,
    keys: int | None,
    advanced: bool,
) -> None:
    sold = CATALOGUE.plan(plan)
    assert sold.price_cents == price_cents
    assert (sold.max_users, sold.max_cases, sold.max_analysis_monthly) == (users, cases, analyses)
    assert (sold.max_requests_monthly, sold.max_requests_per_minute) == (requests, per_minute)
    assert (sold.max_api_keys, sold.advanced_features) == (keys, advanced)
    assert (sold.max_question_chars, sold.prediction_threshold) == (500, 0.87)


def test_a_demonstration_lasts_thirty_days_and_a_subscription_goes_on() -> None:
    assert CATALOGUE.plan("demo").lasts_days == 30
    assert CATALOGUE.plan("starter").lasts_days is None


def test_business_is_another_name_of_professional() -> None:
    assert CATALOGUE.plan_name("business") == "professional"
    assert CATALOGUE.plan("business") is CATALOGUE.plan("professional")


def test_document_004s_profiles_and_the_three_assistants_are_there() -> None:
    assert {"ceseda-basic-v1", "ceseda-pro-v1", "ceseda-enterprise-v1"} == set(CATALOGUE.model_profiles)
    assert {"legal", "it-support", "website"} == set(CATALOGUE.assistants)
    assert all(assistant.questions and assistant.vocabulary for assistant in CATALOGUE.assistants.values())


def test_an_unknown_plan_profile_or_assistant_names_those_there_are() -> None:
    with pytest.raises(InvalidRequest, match=r"'gold'.*starter, professional"):
        CATALOGUE.plan("gold")
    with pytest.raises(InvalidRequest, match="ceseda-pro-v1"):
        CATALOGUE.profile("gpt")
    with pytest.raises(InvalidRequest, match="legal, it-support, website"):
        CATALOGUE.assistant("cook")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("plans", "professional", "max_users"), 0, "plans.professional.max_users: "),
        (("plans", "professional", "max_users"), "many", "plans.professional.max_users: "),
        (("plans", "starter", "max_user"), 3, "plans.starter.max_user: is not a known key"),
        (("plans", "starter", "max_requests_monthly"), 0, "plans.starter.max_requests_monthly"),
        (("plans", "starter", "max_requests_monthly"), None, "plans.starter.max_requests_monthly: "),
        (("plans", "starter", "max_cases"), "unlimited", "plans.starter.max_cases: "),
        (("plans", "starter", "price"), -1, "plans.starter.price: "),
        (("plans", "starter", "price"), 99.999, "plans.starter.price: "),
        (("plans", "starter", "price"), float("inf"), "plans.starter.price: "),
        (
            ("plans", "starter", "ai_model"),
            "gone",
            "plans.starter.ai_model: no model profile is named 'gone'",
        ),
        (("plans", "starter", "aliases"), ["business"], "aliases: 'business' already names a plan"),
        (("plans", "starter", "aliases"), ["demo"], "plans.starter.aliases: 'demo' already names a plan"),
        (("plans", "starter", "title"), "deux\nlignes", "plans.starter.title: "),
        (("plans", "starter", "threads"), 2, "plans.starter.threads: "),
        (("plans", "Not A Name"), {}, "plans.Not A Name"),
        (("plans",), {}, "plans: "),
        (("model_profiles", "ceseda-pro-v1", "llm_model"), "a b", "model_profiles.ceseda-pro-v1.llm_model: "),
        (("assistants", "legal", "prompt"), "${HOME}", "assistants.legal.prompt: "),
        (("assistants", "legal", "questions"), [{"fr": "?"}], "assistants.legal.questions.0.en: "),
        (("extra",), 1, "extra: is not a known key"),
    ],
)
def test_an_error_names_its_path_in_the_file(path: tuple[str, ...], value: object, message: str) -> None:
    content = shipped_content()
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(InvalidConfiguration) as refusal:
        parse_catalogue(content, "plans.yaml")
    assert message in str(refusal.value)
    assert refusal.value.where.startswith("plans.yaml")


def test_cents_are_read_exactly() -> None:
    content = shipped_content()
    content["plans"]["starter"]["price"] = 99.90
    assert parse_catalogue(content).plan("starter").price == Decimal("99.90")
    assert parse_catalogue(content).plan("starter").price_cents == 9990


@pytest.mark.parametrize("text", ["plans: [", "\tplans:", "- a list", "", "a: &x [*x]"])
def test_a_file_that_is_no_catalogue_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plans.yaml"
    file.write_text(text)
    with pytest.raises(InvalidConfiguration, match=r"plans\.yaml"):
        load_catalogue(file)


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "plans.yaml"
    file.write_text(
        plans_file().read_text().replace("    max_users: 10\n", "    max_users: 10\n    max_users: 99\n")
    )
    with pytest.raises(InvalidConfiguration, match=r"written twice(?s:.)*line \d+"):
        load_catalogue(file)


def test_yaml_cannot_make_python_objects(tmp_path: Path) -> None:
    file = tmp_path / "plans.yaml"
    file.write_text("plans: !!python/object/apply:os.system ['true']")
    with pytest.raises(InvalidConfiguration, match="not YAML"):
        load_catalogue(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="cannot be read"):
        load_catalogue(tmp_path / "plans.yaml")


def test_the_contract_is_documents_001s_and_optional_in_a_catalogue_from_before_it() -> None:
    professional = CATALOGUE.plan("professional")
    assert (professional.commitment_months, professional.notice_days, professional.overage) == (
        12,
        30,
        "block",
    )
    assert CATALOGUE.options["extra-key"].price == 50
    assert CATALOGUE.options["ingestion"].price == 150
    assert CATALOGUE.options["ingestion"].lot_size == 10
    content = shipped_content()
    del content["options"]
    for plan in content["plans"].values():
        for key in (
            "overage",
            "overage_request_price",
            "overage_analysis_price",
            "commitment_months",
            "notice_days",
        ):
            del plan[key]
    before = parse_catalogue(content).plan("professional")
    assert (before.commitment_months, before.notice_days, before.overage) == (0, 0, "block")


def test_an_option_for_a_plan_that_is_none_is_refused_with_its_path() -> None:
    content = shipped_content()
    content["options"]["extra-key"]["plans"] = ["gold"]
    with pytest.raises(InvalidConfiguration, match=r"options\.extra-key\.plans: no plan is named 'gold'"):
        parse_catalogue(content)
