"""An instance starts only with settings that are complete, known and strong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tenant_app.settings import InvalidSettings, Settings, load_settings
from tests.tenant_app.environment import OPERATOR_KEY, SECRET_KEY, environment
from tests.tenant_app.instance import write_env

DATA_DIR = Path("/srv/client-dupont/data")
TYPEABLE = st.text(st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters="$"), max_size=60)


def refusal(tmp_path: Path, values: dict[str, str]) -> str:
    path = write_env(tmp_path / ".env", values)
    with pytest.raises(InvalidSettings) as refused:
        load_settings({"TENANT_ENV_FILE": str(path)})
    return str(refused.value)


def test_every_key_of_the_file_is_a_field_and_every_field_a_key() -> None:
    assert {name.upper() for name in Settings.model_fields} == set(environment(DATA_DIR))


def test_a_complete_file_is_read(tmp_path: Path) -> None:
    path = write_env(tmp_path / ".env", environment(DATA_DIR))
    settings = load_settings({"TENANT_ENV_FILE": str(path)})
    assert settings.client_name == "Cabinet Dupont & Associés"
    assert settings.data_dir == DATA_DIR
    assert settings.assistant_vocabulary == {"OQTF": ("obligation de quitter le territoire",)}
    assert settings.secret_key.get_secret_value() == SECRET_KEY
    assert (settings.hostnames, settings.served_over_https) == (["dupont.localhost"], False)


def test_further_addresses_are_names_and_origins_too(tmp_path: Path) -> None:
    further = '["http://ia.dupont.test:8080"]'
    path = write_env(tmp_path / ".env", environment(DATA_DIR, further_urls=further))
    settings = load_settings({"TENANT_ENV_FILE": str(path)})
    assert settings.hostnames == ["dupont.localhost", "ia.dupont.test"]
    assert settings.origins == ("http://dupont.localhost:8080", "http://ia.dupont.test:8080")


@pytest.mark.parametrize("key", sorted(environment(DATA_DIR)))
def test_a_missing_key_refuses_the_start_and_is_named(tmp_path: Path, key: str) -> None:
    values = environment(DATA_DIR)
    del values[key]
    assert f"{key}: Field required" in refusal(tmp_path, values)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SECRET_KEY", "k" * 31),
        ("OPERATOR_KEY", ""),
        ("DATA_DIR", "data"),
        ("EMBEDDING_SOCKET", "../embeddings.sock"),
        ("PORT", "80"),
        ("PORT", "65536"),
        ("CLIENT_ID", "Dupont"),
        ("CLIENT_ID", "-rf"),
        ("CLIENT_COLOR", "red; background: url(//evil)"),
        ("PUBLIC_URL", "dupont.localhost"),
        ("PUBLIC_URL", "http://dupont.localhost/path"),
        ("PUBLIC_URL", "ftp://dupont.localhost"),
        ("MAX_USERS", "0"),
        ("MAX_REQUESTS_MONTHLY", "-1"),
        ("THREADS", "2"),
        ("PLAN_EXPIRES_ON", "next year"),
        ("ASSISTANT_QUESTIONS", "[{]"),
        ("ADVANCED_FEATURES", "perhaps"),
        ("LANGUAGE_DEFAULT", "de"),
    ],
)
def test_a_weak_or_wrong_value_refuses_the_start_in_one_line(tmp_path: Path, key: str, value: str) -> None:
    message = refusal(tmp_path, environment(DATA_DIR) | {key: value})
    assert f"{key}: " in message
    assert "\n" not in message


def test_the_two_keys_must_differ(tmp_path: Path) -> None:
    message = refusal(tmp_path, environment(DATA_DIR, operator_key=SECRET_KEY))
    assert "SECRET_KEY and OPERATOR_KEY must not be the same" in message


def test_a_refused_secret_is_not_shown(tmp_path: Path) -> None:
    message = refusal(tmp_path, environment(DATA_DIR, secret_key="short-but-secret"))
    assert "short-but-secret" not in message


@pytest.mark.parametrize("key", ["LD_PRELOAD", "PYTHONPATH", "FLASK_DEBUG", "max_users"])
def test_a_key_that_is_not_on_the_list_refuses_the_start(tmp_path: Path, key: str) -> None:
    assert key in refusal(tmp_path, environment(DATA_DIR) | {key: "1"})


def test_an_empty_limit_means_there_is_none() -> None:
    settings = Settings.model_validate(
        environment(DATA_DIR, max_requests_monthly="", max_api_keys="", plan_expires_on="")
    )
    assert settings.max_requests_monthly is None
    assert settings.max_api_keys is None
    assert settings.plan_expires_on is None


def test_the_process_environment_cannot_change_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_USERS", "1000")
    path = write_env(tmp_path / ".env", environment(DATA_DIR, max_users="3"))
    assert load_settings({"TENANT_ENV_FILE": str(path)}).max_users == 3


def test_what_systemd_hands_over_is_read_first(tmp_path: Path) -> None:
    write_env(tmp_path / "env", environment(DATA_DIR, client_id="handed-over"))
    other = write_env(tmp_path / "other", environment(DATA_DIR))
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "TENANT_ENV_FILE": str(other)}
    assert load_settings(environ).client_id == "handed-over"


def test_credentials_of_something_else_do_not_hide_the_named_file(tmp_path: Path) -> None:
    named = write_env(tmp_path / "named", environment(DATA_DIR))
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "empty"), "TENANT_ENV_FILE": str(named)}
    assert load_settings(environ).client_id == "dupont"


@pytest.mark.parametrize("environ", [{}, {"TENANT_ENV_FILE": ""}, {"TENANT_ENV_FILE": "/nowhere/.env"}])
def test_no_file_refuses_the_start(environ: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match=r"TENANT_ENV_FILE|does not exist"):
        load_settings(environ)


def test_a_file_that_is_not_text_refuses_the_start(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b'CLIENT_NAME="\xff\xfe"\n')
    with pytest.raises(InvalidSettings, match="cannot be read"):
        load_settings({"TENANT_ENV_FILE": str(path)})


@given(TYPEABLE, TYPEABLE)
def test_whatever_a_client_is_called_is_read_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, address: str, support: str
) -> None:
    values = environment(DATA_DIR, client_address=address, support_contact=support)
    path = write_env(tmp_path_factory.mktemp("env") / ".env", values)
    settings = load_settings({"TENANT_ENV_FILE": str(path)})
    assert (settings.client_address, settings.support_contact) == (address, support)


@pytest.mark.parametrize("name", ["${HOME}", "$HOME", "a # b", "{{7*7}}", "back\\slash", 'quo"te', "%n"])
def test_nothing_is_expanded_nor_cut(tmp_path: Path, name: str) -> None:
    path = write_env(tmp_path / ".env", environment(DATA_DIR, client_name=name))
    assert load_settings({"TENANT_ENV_FILE": str(path)}).client_name == name


def test_settings_cannot_be_changed_afterwards_nor_show_their_secrets() -> None:
    settings = Settings.model_validate(environment(DATA_DIR))
    with pytest.raises(ValidationError):
        settings.max_users = 99  # type: ignore[misc]
    assert SECRET_KEY not in repr(settings)
    assert OPERATOR_KEY not in repr(settings)
