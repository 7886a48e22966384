"""A specification renders to files that say exactly what it says, in every format."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import crossplane
import pytest
from dotenv import dotenv_values
from jinja2 import UndefinedError

from provisioner import render
from provisioner.host import EmbeddingPrefixes, HostSettings
from provisioner.render import UnitProgram, env_text, templates
from tenant_app.settings import Settings, load_settings
from tests.provisioner_pure.environment_file import parse_environment_file
from tests.provisioner_pure.samples import HOSTILE_TEXTS, env, host, spec
from tests.provisioner_pure.unit_file import expand_specifiers, parse_unit, split_words

DOCUMENT_004 = """
    CLIENT_ID INSTANCE_NAME CLIENT_NAME CLIENT_SIRET CLIENT_ADDRESS CLIENT_PHONE CLIENT_EMAIL CLIENT_LOGO
    CLIENT_COLOR SUBSCRIPTION_PLAN MAX_USERS MAX_CASES AI_MODEL PREDICTION_THRESHOLD MAX_ANALYSIS_MONTHLY
    ADVANCED_FEATURES DATA_DIR PORT SECRET_KEY OPERATOR_KEY
"""
STRANGE = 'l\'été "100%"; {n} # \\x'
STRANGE_ROOT = Path("/srv", STRANGE)
WAY = Path("/var/lib/tenantry-egress/dupont")


def test_the_env_file_holds_exactly_the_applications_settings() -> None:
    assert sorted(env(spec())) == sorted(field.upper() for field in Settings.model_fields)


def test_document_004s_keys_come_first_and_in_its_order() -> None:
    keys = DOCUMENT_004.split()
    assert list(env(spec()))[: len(keys)] == keys


def test_the_plans_figures_reach_the_env_file() -> None:
    values = env(spec(plan="starter"))
    assert values["MAX_USERS"] == "3"
    assert values["PREDICTION_THRESHOLD"] == "0.87"
    assert values["ADVANCED_FEATURES"] == "false"
    assert values["PRICE_CENTS"] == "9900"
    assert values["PUBLIC_URL"] == "http://dupont.localhost:8080"
    assert values["DATA_DIR"] == "/srv/tenantry/client-dupont/data"


def test_a_clients_own_host_names_reach_the_env_file_as_addresses() -> None:
    own = env(spec(domains=("assistant.dupont.fr", "ia.dupont.fr")))["FURTHER_URLS"]
    assert own == '["http://assistant.dupont.fr:8080","http://ia.dupont.fr:8080"]'
    assert env(spec())["FURTHER_URLS"] == "[]"


def test_pages_on_other_sites_that_may_read_the_api_reach_the_env_file() -> None:
    two = "https://app.dupont.fr,http://localhost:3000"
    assert env(spec(allowed_origins=two))["ALLOWED_ORIGINS"] == two
    assert env(spec())["ALLOWED_ORIGINS"] == ""


def test_unlimited_is_an_empty_value_never_a_number() -> None:
    values = env(spec(plan="enterprise"))
    assert (values["MAX_REQUESTS_MONTHLY"], values["MAX_API_KEYS"]) == ("", "")


def test_units_beyond_a_limit_have_a_price_only_where_they_are_billed() -> None:
    def prices(**own: str) -> tuple[str, str]:
        values = env(spec(overrides=own))
        return values["OVERAGE_REQUEST_PRICE"], values["OVERAGE_ANALYSIS_PRICE"]

    assert prices() == ("", "")
    assert prices(overage="bill", overage_analysis_price="0.45") == ("0.05", "0.45")


def test_a_trial_carries_its_last_day() -> None:
    assert env(spec(plan="demo"))["PLAN_EXPIRES_ON"] == "2026-12-21"


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_strange_name_reaches_the_application_and_changes_no_other_key(text: str, tmp_path: Path) -> None:
    values = env(spec(name=text, address=text))
    written = env_text(values)
    assert dict(dotenv_values(stream=StringIO(written), interpolate=False)) == values
    assert parse_environment_file(written) == values
    file = tmp_path / ".env"
    file.write_text(written, encoding="utf-8")
    settings = load_settings({"TENANT_ENV_FILE": str(file)})
    assert (settings.client_name, settings.client_address) == (text, text)
    assert len(settings.assistant_questions) == 3


def test_prefixes_reach_the_application_as_they_stand(tmp_path: Path) -> None:
    prefixes = EmbeddingPrefixes(question='Do "this" for $1:\nQuery: ', passage="passage # ")
    given = host().model_copy(update={"embedding_prefixes": prefixes})
    file = tmp_path / ".env"
    file.write_text(env_text(env(spec(), given)), encoding="utf-8")
    read = load_settings({"TENANT_ENV_FILE": str(file)}).embedding_prefixes
    assert read is not None
    assert (read.question, read.passage) == (prefixes.question, prefixes.passage)
    assert env(spec())["EMBEDDING_PREFIXES"] == ""


def directives(text: str) -> list[Any]:
    """Return a configuration as nested [directive, words, block]."""
    parsed = crossplane.parse_string(text, check_ctx=False, single=True)
    assert parsed["errors"] == []
    return _nested(parsed["config"][0]["parsed"])


def _nested(nodes: list[dict[str, Any]]) -> list[Any]:
    return [[node["directive"], node["args"], _nested(node.get("block", []))] for node in nodes]


def test_a_site_names_its_hosts_its_port_and_its_largest_upload() -> None:
    site = render.nginx_site(spec(domains=("assistant.dupont.fr",)), host(), None)
    (_, (name, _, server)) = directives(site)
    assert name == "server"
    assert ["listen", ["127.0.0.1:8080"], []] in server
    assert ["server_name", ["dupont.localhost", "assistant.dupont.fr"], []] in server
    assert ["client_max_body_size", ["51000000"], []] in server
    passes = [block for directive, _, block in server if directive == "location" and block]
    upstreams = {words[0] for block in passes for name, words, _ in block if name == "proxy_pass"}
    assert upstreams == {"http://127.0.0.1:5001"}


def test_a_root_of_strange_characters_adds_no_directive_to_nginx() -> None:
    strange = host(STRANGE_ROOT)
    plain = host(Path("/plain"))
    rendered: tuple[Callable[[HostSettings], str], ...] = (
        lambda of: render.nginx_site(spec(), of, of.layout.client_logs(spec().id) / "access.log"),
        lambda of: render.local_nginx(of.layout, ""),
        lambda of: render.nginx_shared(of, "sites/*.conf", of.layout.logs / "access.log"),
        lambda of: render.admin_site(of, f"http://unix:{of.layout.run}/admin.sock", of.layout.logs / "a.log"),
    )
    for file in rendered:
        assert directives(file(strange)) == _moved(directives(file(plain)))


def _moved(value: Any) -> Any:
    if isinstance(value, list):
        return [_moved(item) for item in value]
    # crossplane keeps an escaped backslash as it is written.
    return value.replace("/plain", str(STRANGE_ROOT).replace("\\", "\\\\"))


def test_a_root_of_strange_characters_adds_no_directive_to_a_unit() -> None:
    layout = host(STRANGE_ROOT).layout
    argv = (f"{STRANGE_ROOT}/bin/python $HOME", "-m", "tenant_app", "serve")
    unit = parse_unit(
        render.service_drop_in(spec(), layout, UnitProgram(argv, {"A": STRANGE}), "tenantry-embed", WAY)
    )["Service"]
    values = {name: expand_specifiers(value) for name, value in unit if name != "CPUQuota"}
    hidden = [split_words(expand_specifiers(value)) for name, value in unit if name == "TemporaryFileSystem"]
    data = str(layout.data(spec().id))
    assert [word.replace("$$", "$") for word in split_words(values["ExecStart"])] == list(argv)
    assert split_words(values["Environment"]) == [f"A={STRANGE}"]
    assert values["LoadCredential"] == f"env:{layout.env_file(spec().id)}"
    assert values["WorkingDirectory"] == data
    assert split_words(values["ReadWritePaths"]) == [data]
    assert hidden == [[f"{STRANGE_ROOT}:ro"], [f"{WAY.parent}:ro"]]
    assert split_words(values["BindReadOnlyPaths"]) == [str(WAY)]


def test_the_plan_sets_the_units_hard_limits() -> None:
    unit = dict(
        parse_unit(
            render.service_drop_in(spec(plan="starter"), host().layout, UnitProgram(("/p",)), "g", WAY)
        )["Service"]
    )
    assert unit["MemoryMax"] == "768000000"
    assert unit["CPUQuota"] == "100%"
    assert unit["TasksMax"] == "128"
    assert unit["User"] == "tn-dupont"


def test_a_unit_listens_on_the_tenants_loopback_port_only() -> None:
    assert parse_unit(render.socket_drop_in(spec())) == {"Socket": [("ListenStream", "127.0.0.1:5001")]}


def test_names_outside_localhost_are_served_on_every_address() -> None:
    assert render.listen_address(host(), 8080) == "127.0.0.1:8080"
    assert render.listen_address(host(base_domain="demo.localhost"), 8080) == "127.0.0.1:8080"
    assert render.listen_address(host(base_domain="iamanager.fr"), 80) == "80"


def test_rendering_is_the_same_every_time() -> None:
    assert env_text(env(spec())) == env_text(env(spec()))


def test_a_template_cannot_print_what_nobody_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "page.j2").write_text("{{ value }}")
    monkeypatch.setattr(templates, "shipped", tmp_path.joinpath)
    templates._environment.cache_clear()
    try:
        assert render.render("page.j2", value=5) == "5"
        with pytest.raises(ValueError, match="no filter has quoted"):
            render.render("page.j2", value="plain text")
        with pytest.raises(ValueError, match="no filter has quoted"):
            render.render("page.j2", value=True)
        with pytest.raises(UndefinedError):
            render.render("page.j2")
    finally:
        templates._environment.cache_clear()
