"""The package a client is given: what is in it and what is not; hostile names come back as they were."""

from __future__ import annotations

import ast
import io
import re
import sys
import tomllib
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pydantic import SecretStr

from provisioner import quoting
from provisioner.host import HostSettings
from provisioner.pictures import judge
from provisioner.render.client_package import PackageKey, client_package, folder_name, zipped
from provisioner.render.colours import contrast, readable, text_on
from provisioner.spec import TenantSpec
from tests.provisioner_pure.samples import HOSTILE_TEXTS, SECRETS, host, spec

SECRET = "sk_professional_" + "k" * 43
KEY = PackageKey("Paquet client 2026-11-26", datetime(2026, 11, 26, 14, 0, 2, tzinfo=UTC), SecretStr(SECRET))
LOGO = judge(b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="4" height="4"/></svg>')
LIBRARIES = {"streamlit", "requests", "dotenv"}
_SHOWING = ("laid_out", "literal", "quoted")
#: One line of anything: no controls, separators or lone surrogates; Markdown's own signs more often.
lines = st.one_of(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))),
    st.text("\\`*_[]()<>!&#;~|a1.+- \"'", max_size=30),
)
colours = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def files(of: TenantSpec | None = None, at: HostSettings | None = None) -> dict[str, str]:
    """What a package without a logo holds, by name."""
    packed = client_package(of or spec(), at or host(), KEY, None)
    return {file.name: file.content.decode() for file in packed}


def heading(text: str) -> str:
    """The first heading of a Markdown page, as it is read."""
    tokens = MarkdownIt().parse(text)
    return "".join(one.content for one in tokens[1].children or [])


def test_it_holds_the_interface_and_nothing_of_the_hosts() -> None:
    assert list(files()) == [
        *(".env", ".streamlit/config.toml", "API_KEY.txt", "LICENCE.txt", "LISEZMOI.md", "README.md"),
        *("interface-streamlit.py", "requirements.txt", "style.css"),
    ]
    secrets: dict[str, object] = {
        "smtp_url": "smtp://user:mailword@smtp.exemple.fr",
        "llm_api_key_file": "/etc/tenantry/llm-api-key",
        "llm_base_url": "https://llm.exemple.fr/v1",
    }
    everything = "\n".join(files(at=HostSettings.model_validate({**host().model_dump(), **secrets})).values())
    own = (SECRETS.secret_key.get_secret_value(), SECRETS.operator_key.get_secret_value())
    for hidden in ("mailword", "llm-api-key", "llm.exemple.fr", "/srv/tenantry", *own):
        assert hidden not in everything
    holders = [name for name, text in files().items() if SECRET in text]
    assert holders == [".env", "API_KEY.txt"]


def test_the_interface_needs_three_pinned_libraries() -> None:
    texts = files()
    names = [line.split("==") for line in texts["requirements.txt"].splitlines()]
    assert [name for name, _ in names] == ["streamlit", "requests", "python-dotenv"]
    assert all(re.fullmatch(r"\d+(\.\d+)+", version) for _, version in names)
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(texts["interface-streamlit.py"]))
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - set(sys.stdlib_module_names) == LIBRARIES
    assert "unsafe_allow" not in texts["interface-streamlit.py"]


def test_the_interface_tells_all_it_tells_in_both_languages() -> None:
    tree = ast.parse(files()["interface-streamlit.py"])
    (told,) = (node.value for node in tree.body if isinstance(node, ast.AnnAssign) and node.value)
    texts = ast.literal_eval(told)
    fields = {
        language: {name: set(re.findall(r"\{\w+\}", text)) for name, text in own.items()}
        for language, own in texts.items()
    }
    assert fields["fr"] == fields["en"]


def shown_by(function: str) -> Callable[[str], str]:
    """A function by which the interface shows the service's texts, without what needs Streamlit."""
    tree = ast.parse(files()["interface-streamlit.py"])
    wanted: list[ast.stmt] = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in _SHOWING
    ]
    names: dict[str, Any] = {"re": re}
    exec(compile(ast.Module(wanted, []), "interface", "exec"), names)  # noqa: S102 - it is our own file
    return cast(Callable[[str], str], names[function])


def elements(text: str) -> set[str]:
    """What Markdown makes of a text besides plain words."""
    return {child.type for token in MarkdownIt().parse(text) for child in (token, *(token.children or []))}


@given(st.text("[](){}<>!\\`$:/*_~#&;|\"'-1 .\nax", max_size=40))
def test_no_answer_becomes_more_than_laid_out_text(text: str) -> None:
    active = {"image", "link_open", "html_inline", "html_block", "code_inline", "fence"}
    assert not elements(shown_by("laid_out")(text)) & active
    assert not elements(shown_by("quoted")(text)) & active


def test_an_answer_keeps_its_lists_and_emphasis_and_no_picture() -> None:
    answer = "**Deux mois** [1] :\n\n- $5 ou $6\n- ![x][y]\n\n[y]: https://evil.example/x.png"
    made = elements(shown_by("laid_out")(answer))
    assert {"strong_open", "bullet_list_open"} <= made
    assert not {"image", "link_open"} & made


@given(lines)
def test_a_line_of_the_service_is_shown_as_it_is(text: str) -> None:
    tokens = MarkdownIt().parse(shown_by("literal")(text))
    shown = "".join(child.content for token in tokens for child in token.children or [])
    assert shown == " ".join(text.split())


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_a_hostile_name_is_read_back_as_it_was(name: str) -> None:
    texts = files(spec(name=name))
    environment = dotenv_values(stream=io.StringIO(texts[".env"]), interpolate=False)
    assert environment == {
        "BACKEND_API_URL": "http://dupont.localhost:8080/api/chat",
        "API_KEY": SECRET,
        "CLIENT_NAME": name,
        "SUPPORT_CONTACT": "",
        "LANGUAGE_DEFAULT": "fr",
    }
    assert heading(texts["LISEZMOI.md"]) == f"Assistant documentaire : {name}"
    assert heading(texts["README.md"]) == f"Document assistant: {name}"
    assert f"Concédée à : {name}\n" in texts["LICENCE.txt"]
    assert texts["API_KEY.txt"].startswith(f"Client : {name}\n")


@given(lines.map(str.strip))
def test_any_line_is_read_back_from_markdown(text: str) -> None:
    assert heading(f"# Client: {quoting.markdown(text)}") == f"Client: {text}".strip()


@pytest.mark.parametrize("value", ["red", "#12345", "#1234567", "#123456;}", "#12345g", '"#123456'])
def test_what_is_no_colour_reaches_no_stylesheet(value: str) -> None:
    with pytest.raises(ValueError, match="is no colour"):
        quoting.colour(value)


@given(colours)
def test_every_colour_can_be_read_in_both_themes(colour: str) -> None:
    assert (
        min(contrast(readable(colour, "#f1f0ee", "#ffffff"), ground) for ground in ("#f1f0ee", "#ffffff"))
        >= 4.5
    )
    assert (
        min(contrast(readable(colour, "#2d2b27", "#171614"), ground) for ground in ("#2d2b27", "#171614"))
        >= 4.5
    )
    assert contrast(text_on(colour), colour) >= 4.5


def test_the_clients_colour_is_in_the_stylesheet_and_the_themes() -> None:
    texts = files(spec(color="#1F6F5C"))
    declared = dict(re.findall(r"^    --([a-z-]+): ([^;]+);$", texts["style.css"], re.MULTILINE))
    assert (declared["brand"], declared["on-brand"]) == ("#1F6F5C", "#ffffff")
    theme = tomllib.loads(texts[".streamlit/config.toml"])
    light, dark = (theme["theme"][name]["primaryColor"] for name in ("light", "dark"))
    assert declared["accent"] == f"light-dark({light}, {dark})"
    assert declared["on-accent"] == "light-dark(#ffffff, #000000)"
    assert (theme["browser"]["gatherUsageStats"], theme["server"]["address"]) == (False, "localhost")


def test_a_client_with_a_domain_of_its_own_is_reached_there_over_tls() -> None:
    own = spec(domains=("assistant.cabinet-dupont.fr",))
    texts = files(own, host(tls_certificates="/etc/letsencrypt/live", language_default="en"))
    assert 'BACKEND_API_URL="https://assistant.cabinet-dupont.fr/api/chat"' in texts[".env"]
    assert 'LANGUAGE_DEFAULT="en"' in texts[".env"]
    assert "https://assistant.cabinet-dupont.fr" in texts["LISEZMOI.md"]


def test_the_vendor_is_named_where_it_is_known() -> None:
    texts = files(at=host(vendor={"name": "Exemple & Fils", "email": "aide@exemple.fr"}))
    assert "Copyright (c) 2026 Exemple & Fils" in texts["LICENCE.txt"]
    assert "Exemple & Fils : aide@exemple.fr" in texts["LISEZMOI.md"]
    assert "Assistance" not in files()["LISEZMOI.md"].split("## ")[-1]


@pytest.mark.parametrize("page", ["LISEZMOI.md", "README.md"])
def test_the_instructions_are_for_three_systems_and_for_bad_days(page: str) -> None:
    text = files()[page]
    for word in ("### Windows", "### macOS", "### Linux", "API_KEY.txt", "HTTPS_PROXY", "REQUESTS_CA_BUNDLE"):
        assert word in text
    assert text.count("-m streamlit run interface-streamlit.py") == 3


def test_the_zip_is_the_same_for_the_same_package() -> None:
    packed = client_package(spec(), host(), KEY, LOGO)
    content = zipped(packed, folder_name(spec()), KEY.made_at)
    assert content == zipped(client_package(spec(), host(), KEY, LOGO), folder_name(spec()), KEY.made_at)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        assert archive.read("assistant-dupont/logo.svg") == LOGO.content
    names = [entry.filename for entry in entries]
    assert names == sorted(names)
    assert {entry.date_time for entry in entries} == {(2026, 11, 26, 14, 0, 2)}
    private = [entry.filename for entry in entries if entry.external_attr >> 16 & 0o777 == 0o600]
    assert private == ["assistant-dupont/.env", "assistant-dupont/API_KEY.txt"]
