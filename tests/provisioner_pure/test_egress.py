"""The way to the provider of language models, as nginx reads it."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from provisioner import render
from provisioner.drivers.provider_key import provider_key
from provisioner.errors import InvalidConfiguration
from provisioner.host import HostSettings
from tests.provisioner_pure.samples import host, spec
from tests.provisioner_pure.test_render import directives

SOCKET = Path("/var/lib/tenantry-egress/dupont/provider.sock")
OPENAI = host(llm_base_url="https://api.example.com/v1")
NOBODY = host()


def location(of: HostSettings) -> list[Any]:
    server = next(block for name, _, block in directives(client(of)) if name == "server")
    return next(block for name, words, block in server if (name, words[0]) == ("location", "="))


def client(of: HostSettings) -> str:
    return render.egress_client(spec(plan="starter"), of, SOCKET)


def test_a_client_is_served_on_a_socket_and_at_no_address() -> None:
    server = next(block for name, _, block in directives(client(OPENAI)) if name == "server")
    assert [words for name, words, _ in server if name == "listen"] == [[f"unix:{SOCKET}"]]
    assert [words for name, words, _ in server if name == "location"] == [
        ["=", "/v1/chat/completions"],
        ["/"],
    ]


@pytest.mark.parametrize(
    ("base_url", "asked", "server"),
    [
        ("https://api.example.com/v1", "https://provider/v1/chat/completions", "api.example.com:443"),
        ("https://llm.example.com:8443", "https://provider/chat/completions", "llm.example.com:8443"),
        ("http://10.0.0.7:11434/v1/", "http://provider/v1/chat/completions", "10.0.0.7:11434"),
        ("http://ollama.lan/~me/v1", "http://provider/~me/v1/chat/completions", "ollama.lan:80"),
    ],
)
def test_the_provider_is_asked_where_host_yaml_says(base_url: str, asked: str, server: str) -> None:
    of = host(llm_base_url=base_url)
    assert ["proxy_pass", [asked], []] in location(of)
    assert f"server {server};" in render.egress_nginx(of, Path("/run/x"))


def test_how_often_a_client_may_ask_follows_its_plan() -> None:
    (zone,) = (words for name, words, _ in directives(client(OPENAI)) if name == "limit_req_zone")
    assert zone == ["dupont", "zone=requests-dupont:32k", "rate=20r/m"]
    assert ["limit_req", ["zone=requests-dupont", "burst=20", "nodelay"], []] in location(OPENAI)
    assert ["limit_conn", ["connections-dupont", "6"], []] in location(OPENAI)


def test_the_providers_certificate_is_checked_against_its_name() -> None:
    asked = directives(render.egress_provider(OPENAI, SecretStr("sk-1")))
    assert ["proxy_ssl_verify", ["on"], []] in asked
    assert ["proxy_ssl_name", ["api.example.com"], []] in asked
    assert ["proxy_set_header", ["Authorization", "Bearer sk-1"], []] in asked


def test_a_service_of_ones_own_needs_neither_tls_nor_a_key() -> None:
    asked = directives(render.egress_provider(host(llm_base_url="http://10.0.0.7:11434/v1"), None))
    assert not any(name.startswith("proxy_ssl") or "Authorization" in words for name, words, _ in asked)


def test_without_a_provider_nobody_is_served() -> None:
    assert directives(client(NOBODY)) == []
    assert "upstream" not in render.egress_nginx(NOBODY, Path("/run/x"))


@pytest.mark.parametrize("text", ["sk 1", 'sk"; evil on;', "sk$x", "sk\nX-Evil: 1", "clé", "k" * 501])
def test_what_is_no_key_is_refused_and_not_shown(text: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    with pytest.raises(InvalidConfiguration) as refused:
        provider_key(host(llm_api_key_file=file))
    assert text not in str(refused.value)
    assert str(file) in str(refused.value)
