"""Which other sites' pages may read a client's API is typed exactly as browsers say it, or refused."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.allowed_origins import MOST, parse_allowed_origins
from provisioner.errors import InvalidRequest
from tenant_app import allowed_origins as instance

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAMES = st.builds(lambda labels: ".".join([*labels, "fr"]), st.lists(LABELS, min_size=1, max_size=3))
PORTS = st.integers(1, 65535).filter(lambda port: port not in (80, 443)).map(lambda port: f":{port}")
ORIGINS = st.one_of(
    st.builds(lambda name, port: f"https://{name}{port}", NAMES, st.just("") | PORTS),
    st.builds(
        lambda host, port: f"http://{host}{port}",
        st.sampled_from(["localhost", "127.0.0.1", "app.localhost"]),
        st.just("") | PORTS,
    ),
)
PIECES = ["https", "http", "://", ":", "//", "/", "?", "#", "@", "*", "null", ",", " ", "app.fr", "APP.FR"]
PIECES += ["localhost", "127.0.0.1", "[::1]", "é.fr", ".", "-", "443", "80", "0", "8443", "65536", "\t"]
ALMOST = st.lists(st.sampled_from(PIECES), max_size=7).map("".join) | st.text(max_size=30)


def accepted_by_the_instance(text: str) -> bool:
    try:
        return bool(instance.parse(text)) == bool(text)
    except ValueError:
        return False


def accepted_by_the_command(text: str) -> bool:
    try:
        return bool(parse_allowed_origins(text)) == bool(text)
    except InvalidRequest:
        return False


@given(st.lists(ORIGINS, max_size=MOST, unique=True))
def test_what_browsers_send_is_kept_letter_by_letter(origins: list[str]) -> None:
    text = ",".join(origins)
    assert parse_allowed_origins(text) == instance.parse(text) == tuple(origins)


@given(ORIGINS | ALMOST, ORIGINS | ALMOST)
def test_the_instance_starts_with_exactly_what_the_command_accepts(one: str, other: str) -> None:
    for text in (one, f"{one},{other}"):
        assert accepted_by_the_command(text) == accepted_by_the_instance(text)


@given(ALMOST)
def test_nothing_is_accepted_but_a_scheme_a_host_and_a_port(text: str) -> None:
    if accepted_by_the_command(text):
        for origin in parse_allowed_origins(text):
            parts = urlsplit(origin)
            assert origin == f"{parts.scheme}://{parts.netloc}"
            assert parts.netloc in (parts.hostname, f"{parts.hostname}:{parts.port}")
            assert parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("*", "does not begin with https://"),
        ("null", "does not begin with https://"),
        ("app.dupont.fr", "does not begin with https://"),
        ("HTTPS://app.dupont.fr", "does not begin with https://"),
        ("ftp://app.dupont.fr", "does not begin with https://"),
        ("https://a.fr, https://b.fr", "does not begin with https://"),
        ("https://a.fr,", "does not begin with https://"),
        ("https://app.dupont.fr/", "closing slash"),
        ("https://app.dupont.fr/chat", "path"),
        ("https://app.dupont.fr?x=1", "query"),
        ("https://moi:secret@app.dupont.fr", "user"),
        ("https://*.dupont.fr", "is not a host name"),
        ("https://App.dupont.fr", "is not a host name"),
        ("https://étude.fr", "is not a host name"),
        ("https://", "is not a host name"),
        ("https://192.0.2.7", "is an address"),
        ("https://app.dupont.fr:", "no port"),
        ("https://app.dupont.fr:0443", "no port"),
        ("https://app.dupont.fr:65536", "no port"),
        ("https://app.dupont.fr:443", "browsers leave out"),
        ("http://localhost:80", "browsers leave out"),
        ("http://app.dupont.fr", "is not encrypted"),
        ("http://localhost.dupont.fr", "is not encrypted"),
        ("https://a.fr,https://b.fr,https://a.fr", "given twice"),
        (",".join(f"https://a{number}.fr" for number in range(MOST + 1)), "21 origins"),
    ],
)
def test_anything_else_is_refused_with_its_mend(text: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match="allowed_origins") as refusal:
        parse_allowed_origins(text)
    assert why in refusal.value.message + refusal.value.mend
    assert refusal.value.mend
    assert not accepted_by_the_instance(text)
