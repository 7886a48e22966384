"""The host's settings come from host.yaml and the environment, or are refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from provisioner.errors import InvalidConfiguration
from provisioner.host import EmbeddingPrefixes, HostSettings, PortRange, load_host, starting_text


def test_a_new_root_has_the_defaults(tmp_path: Path) -> None:
    host = load_host(tmp_path, {})
    assert (host.base_domain, host.http_port, str(host.port_range)) == ("localhost", 8080, "5001-5999")
    assert host.public_url("dupont.localhost") == "http://dupont.localhost:8080"


def test_port_80_is_not_written_in_addresses(tmp_path: Path) -> None:
    assert load_host(tmp_path, {"TENANTRY_HTTP_PORT": "80"}).public_url("a.fr") == "http://a.fr"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_text("http_port: 8081\nbase_domain: exemple.fr\n")
    host = load_host(tmp_path, {"TENANTRY_HTTP_PORT": "8082", "TENANTRY_PORT_RANGE": "6000-6001"})
    assert (host.http_port, host.base_domain) == (8082, "exemple.fr")
    assert 6001 in host.port_range
    assert 6002 not in host.port_range


def test_each_of_the_vendors_lines_can_be_given_by_the_environment(tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_text("vendor: {name: Exemple, email: contact@exemple.fr}\n")
    vendor = load_host(tmp_path, {"TENANTRY_VENDOR_NAME": "Durand", "TENANTRY_VENDOR_PHONE": "01"}).vendor
    assert (vendor.name, vendor.phone, vendor.email) == ("Durand", "01", "contact@exemple.fr")


def test_a_wrong_line_of_the_vendors_is_refused_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"\$TENANTRY_VENDOR_SIRET"):
        load_host(tmp_path, {"TENANTRY_VENDOR_SIRET": "12"})
    (tmp_path / "host.yaml").write_text("vendor: Exemple\n")
    with pytest.raises(InvalidConfiguration, match=r"host\.yaml: vendor"):
        load_host(tmp_path, {"TENANTRY_VENDOR_NAME": "Durand"})


def test_other_variables_of_ours_are_no_settings(tmp_path: Path) -> None:
    assert load_host(tmp_path, {"TENANTRY_ROOT": "/srv", "TENANTRY_VENDOR": "x"}).root == tmp_path


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("http_port: many", "host.yaml: http_port"),
        ("htp_port: 8080", "host.yaml: htp_port"),
        ("vendor: {siret: '12'}", "host.yaml: vendor.siret"),
        ("vendor: {email: nobody}", "host.yaml: vendor.email"),
        ("vendor: {name: \"a\\nb\"}", "host.yaml: vendor.name"),
        ("port_range: 5999-5001", "host.yaml: port_range"),
        ("port_range: all", "host.yaml: port_range"),
        ("port_range: 80-90", "host.yaml: port_range"),
        ("port_range: 7", "host.yaml: port_range"),
        ("base_domain: UPPER.fr", "host.yaml: base_domain"),
        ("llm_base_url: ftp://a.fr", "host.yaml: llm_base_url"),
        ("llm_api_key_file: key", "host.yaml: llm_api_key_file"),
        ("smtp_url: mail.fr", "host.yaml: smtp_url"),
        ("language_default: de", "host.yaml: language_default"),
        ("- a list", "host.yaml"),
        ("root: /elsewhere", "host.yaml"),
        ("a: b: c", "host.yaml"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / "host.yaml").write_text(text)
    with pytest.raises(InvalidConfiguration) as caught:
        load_host(tmp_path, {})
    assert where in caught.value.message
    assert caught.value.exit_code == 2


def test_a_wrong_variable_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"\$TENANTRY_HTTP_PORT"):
        load_host(tmp_path, {"TENANTRY_HTTP_PORT": "many"})


def test_a_mail_password_is_never_shown(tmp_path: Path) -> None:
    host = load_host(tmp_path, {"TENANTRY_SMTP_URL": "smtp://user:wolf-3@mail.fr"})
    assert "wolf-3" not in repr(host)


def test_a_wrong_mail_password_is_not_shown_either(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        load_host(tmp_path, {"TENANTRY_SMTP_URL": "imap://user:wolf-3@mail.fr"})
    assert "wolf-3" not in str(caught.value)


def test_the_file_host_init_writes_is_accepted_commented_out_or_not(tmp_path: Path) -> None:
    text = starting_text(HostSettings(root=tmp_path))
    (tmp_path / "host.yaml").write_text(text)
    assert load_host(tmp_path, {}) == HostSettings(root=tmp_path)
    explanation = re.compile(r"^#( \S.*)?$")
    lines = (line for line in text.splitlines() if not explanation.match(line))
    settings = "\n".join(line.removeprefix("#") for line in lines)
    (tmp_path / "host.yaml").write_text(settings)
    assert load_host(tmp_path, {}).vendor.name == "Exemple Services"
    assert set(yaml.safe_load(settings)) == set(HostSettings.model_fields) - {"root"}


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "host.yaml").touch()
    assert load_host(tmp_path, {}).port_range == PortRange(first=5001, last=5999)


def test_a_reranking_model_is_served_only_when_one_is_named(tmp_path: Path) -> None:
    assert "--rerank-model" not in load_host(tmp_path, {}).embedding_options
    given = load_host(tmp_path, {"TENANTRY_RERANK_MODEL": "models/judge"})
    assert given.embedding_options[-2:] == ("--rerank-model", "models/judge")
    with pytest.raises(InvalidConfiguration, match=r"\$TENANTRY_RERANK_MODEL"):
        load_host(tmp_path, {"TENANTRY_RERANK_MODEL": "--evil"})


def test_prefixes_are_two_texts_in_the_file_or_json_in_a_variable(tmp_path: Path) -> None:
    assert load_host(tmp_path, {}).embedding_prefixes is None
    (tmp_path / "host.yaml").write_text('embedding_prefixes: {question: "query: ", passage: ""}\n')
    written = load_host(tmp_path, {}).embedding_prefixes
    assert written == EmbeddingPrefixes(question="query: ", passage="")
    variable = {"TENANTRY_EMBEDDING_PREFIXES": '{"question": "Do this\\nQuery: ", "passage": "P: "}'}
    assert load_host(tmp_path, variable).embedding_prefixes == EmbeddingPrefixes(
        question="Do this\nQuery: ", passage="P: "
    )
    for wrong in ("query: ", '{"question": "q"}', '{"question": "q", "passage": "\\u001b[2J"}', "[]"):
        with pytest.raises(InvalidConfiguration, match=r"\$TENANTRY_EMBEDDING_PREFIXES"):
            load_host(tmp_path, {"TENANTRY_EMBEDDING_PREFIXES": wrong})


def test_models_that_go_on_answering_are_a_list_in_the_file_or_a_variable(tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_text("embedding_model: new\nformer_embedding_models: [old]\n")
    assert load_host(tmp_path, {}).embedding_options == ("--model", "new", "--also", "old")
    given = load_host(tmp_path, {"TENANTRY_FORMER_EMBEDDING_MODELS": "old, older"})
    assert given.embedding_options == ("--model", "new", "--also", "old", "--also", "older")
    with pytest.raises(InvalidConfiguration):
        load_host(tmp_path, {"TENANTRY_FORMER_EMBEDDING_MODELS": "--evil"})
