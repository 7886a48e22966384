"""What a visitor meets at a real nginx configured by us, whoever they claim to be."""

import base64
import hashlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from provisioner.quoting import nginx as quote
from provisioner.render.nginx import REQUESTS_AT_ONCE
from provisioner.spec import TenantSpec
from tests.local_ca import LocalCA
from tests.provisioner_pure.nginx_host import NginxHost, free_port, lay_out, running
from tests.provisioner_pure.samples import HOSTILE_TEXTS, spec
from tests.provisioner_pure.upstream import Upstream, upstream

DUPONT = "dupont.localhost"


@pytest.fixture(scope="module")
def app() -> Iterator[Upstream]:
    with upstream() as server:
        yield server


@pytest.fixture(scope="module")
def dupont(app: Upstream) -> TenantSpec:
    small = spec(overrides={"max_upload_mb": "1"}, domains=("assistant.cabinet-dupont.fr",))
    return replace(small, port=app.port)


@pytest.fixture(scope="module")
def nginx(dupont: TenantSpec, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NginxHost]:
    stopped = replace(spec(id="martin"), port=free_port())
    # Its process would answer: nobody must ask it.
    suspended = replace(spec(id="bernard", domains=("assistant.bernard.fr",)), port=dupont.port)
    with running(lay_out(tmp_path_factory.mktemp("root"), (dupont, stopped), (suspended,))) as host:
        yield host


def get(nginx: NginxHost, path: str, host: str = DUPONT, **headers: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{nginx.port}{path}", headers={"Host": host, **headers})


def reached(answer: bytes) -> dict[str, str]:
    """What the application was sent, from a raw answer."""
    seen = json.loads(answer.partition(b"\r\n\r\n")[2])
    return {"path": seen["path"], **dict(seen["headers"])}


@pytest.mark.parametrize(
    "host", [DUPONT, f"{DUPONT}:8080", "DUPONT.localhost", "assistant.cabinet-dupont.fr"]
)
def test_a_client_is_served_under_its_names(nginx: NginxHost, host: str) -> None:
    assert get(nginx, "/", host).status_code == 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "nobody.localhost", "localhost", "x.dupont.localhost", "_", "*"]
)
def test_an_unknown_host_is_closed_without_an_answer(nginx: NginxHost, host: str) -> None:
    assert nginx.send(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n") == b""


@pytest.mark.parametrize("host", ["", "../../etc", "dupont.localhost/../x", "dupont.localhost\x01", "a b"])
def test_a_host_that_is_no_name_reaches_nobody(nginx: NginxHost, host: str) -> None:
    answer = nginx.send(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


def test_a_request_without_a_host_is_closed(nginx: NginxHost) -> None:
    assert nginx.send("GET / HTTP/1.0\r\n\r\n") == b""


def test_an_absolute_uri_cannot_name_another_client_than_the_host(nginx: NginxHost) -> None:
    line = f"GET http://{DUPONT}/ HTTP/1.1\r\nConnection: close\r\n"
    assert nginx.send(f"{line}Host: martin.localhost\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert nginx.send(f"{line}Host: {DUPONT}:8080\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_two_hosts_in_one_request_are_refused(nginx: NginxHost) -> None:
    hosts = f"Host: {DUPONT}\r\nHost: martin.localhost\r\n"
    assert nginx.send(f"GET / HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_the_application_is_told_the_real_address_and_nothing_a_visitor_claims(nginx: NginxHost) -> None:
    claims = {
        "X-Forwarded-For": "8.8.8.8",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "1",
        "X-Forwarded-Prefix": "/evil",
        "X-Real-IP": "8.8.8.8",
        "Forwarded": "for=8.8.8.8",
        "X-Request-ID": "mine",
    }
    seen = reached(b"\r\n\r\n" + get(nginx, "/x?q=1", **claims).content)
    assert seen["path"] == "/x?q=1"
    assert seen["host"] == DUPONT
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert seen["x-request-id"] != "mine"
    dropped = {"x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-real-ip", "forwarded"}
    assert not dropped & seen.keys()


@pytest.mark.parametrize(
    "path",
    [
        *("/internal", "/internal/", "/internal/status", "//internal/status", "/./internal/status"),
        *(
            "/x/../internal/status",
            "/%69nternal/status",
            "/internal%2Fstatus",
            "/internal/../internal/status",
        ),
        *("/internal?x", "/api/../internal/status", "/x/%2e%2e/internal/status", "/%2finternal/status"),
    ],
)
def test_the_operators_routes_do_not_exist_from_outside(nginx: NginxHost, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {DUPONT}\r\nConnection: close\r\n\r\n"
    assert nginx.send(request).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("path", ["/internals", "/x/internal/status", "/INTERNAL/status"])
def test_other_routes_are_left_to_the_application(nginx: NginxHost, path: str) -> None:
    assert get(nginx, path).status_code == 200


def too_large(nginx: NginxHost, path: str) -> httpx.Response:
    body = b"x" * 2_000_001
    return httpx.post(f"http://127.0.0.1:{nginx.port}{path}", content=body, headers={"Host": DUPONT})


def test_an_upload_within_the_plan_passes(nginx: NginxHost) -> None:
    body = b"x" * 1_900_000
    answer = httpx.post(
        f"http://127.0.0.1:{nginx.port}/api/documents", content=body, headers={"Host": DUPONT}
    )
    assert answer.status_code == 200


def test_an_upload_above_the_plan_is_a_problem_in_french_under_api(nginx: NginxHost) -> None:
    answer = too_large(nginx, "/api/documents")
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 413
    assert "abonnement" in answer.json()["detail"]


def test_under_v1_it_is_openais_error_and_elsewhere_a_page(nginx: NginxHost) -> None:
    assert too_large(nginx, "/v1/chat/completions").json()["error"]["code"] == "request_too_large"
    page = too_large(nginx, "/documents")
    assert page.status_code == 413
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "abonnement" in page.text


@pytest.mark.parametrize("path", ["/api/me", "/api/chat"])
def test_a_stopped_client_says_so_under_api(nginx: NginxHost, path: str) -> None:
    answer = get(nginx, path, "martin.localhost")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 503


def test_a_stopped_client_says_so_under_v1_and_to_people(nginx: NginxHost) -> None:
    v1 = get(nginx, "/v1/models", "martin.localhost")
    assert (v1.status_code, v1.json()["error"]["code"]) == (503, "service_unavailable")
    page = get(nginx, "/login", "martin.localhost")
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "momentanément indisponible" in page.text


@pytest.mark.parametrize("host", ["bernard.localhost", "assistant.bernard.fr"])
@pytest.mark.parametrize("path", ["/api/chat", "/api/me", "/api/auth/refresh"])
def test_a_suspended_client_is_answered_for_under_api(nginx: NginxHost, path: str, host: str) -> None:
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        answer = httpx.request(method, f"http://127.0.0.1:{nginx.port}{path}", headers={"Host": host})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "3600")
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["status"], answer.json()["code"]) == (503, "suspended")


def test_a_suspended_client_is_answered_for_under_v1_and_to_people(nginx: NginxHost) -> None:
    v1 = get(nginx, "/v1/chat/completions", "bernard.localhost")
    assert (v1.status_code, v1.json()["error"]["code"]) == (503, "suspended")
    for path in ("/", "/login", "/healthz", "/static/app.css"):
        page = get(nginx, path, "bernard.localhost")
        assert (page.status_code, page.headers["retry-after"]) == (503, "3600")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "Ce service est suspendu" in page.text
        assert "This service is suspended" in page.text
    assert get(nginx, "/internal/status", "bernard.localhost").status_code == 404


@pytest.mark.parametrize("kind", ["suspended", "maintained", "too large", "too many"])
def test_the_style_of_each_page_is_the_one_its_policy_names(nginx: NginxHost, kind: str) -> None:
    page = {
        "suspended": lambda: get(nginx, "/", "bernard.localhost"),
        "maintained": lambda: get(nginx, "/", "martin.localhost"),
        "too large": lambda: too_large(nginx, "/documents"),
        "too many": lambda: held_back(nginx),
    }[kind]()
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.count("<h1>") == page.text.count('<section lang="en">') == 1
    style = page.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'sha256-{digest}'"
    assert page.headers["content-security-policy"] == allowed


def held_back(nginx: NginxHost) -> httpx.Response:
    """The page of somebody who tries to sign in too often."""
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.9")) as visitor:
        tries = (
            visitor.post(f"http://127.0.0.1:{nginx.port}/login", headers={"Host": DUPONT}) for _ in range(60)
        )
        return next(answer for answer in tries if answer.status_code == 429)


def test_one_address_that_tries_to_sign_in_without_end_is_held_back_alone(nginx: NginxHost) -> None:
    def sign_in(path: str, address: str, host: str = DUPONT) -> httpx.Response:
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address)) as visitor:
            return visitor.post(f"http://127.0.0.1:{nginx.port}{path}", headers={"Host": host})

    answers = [sign_in("/login", "127.0.0.7") for _ in range(60)]
    assert answers[0].status_code == 200
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["retry-after"] == "10"
    assert "Réessayez" in refused.text
    tries = (sign_in("/api/auth/login", "127.0.0.7") for _ in range(60))
    problem = next(answer for answer in tries if answer.status_code == 429)
    assert problem.headers["content-type"] == "application/problem+json"
    assert sign_in("/login", "127.0.0.8").status_code == 200
    assert sign_in("/login", "127.0.0.7", "martin.localhost").status_code == 503
    assert get(nginx, "/login").status_code == 200


def test_a_client_that_is_flooded_leaves_its_neighbours_nginx(
    nginx: NginxHost, app: Upstream, dupont: TenantSpec
) -> None:
    """Each of these requests holds its connection until the application goes on."""
    allowed = dupont.terms.threads * REQUESTS_AT_ONCE
    ask = f"POST /api/chat HTTP/1.1\r\nHost: {DUPONT}\r\nContent-Length: 0\r\n\r\n".encode()
    app.go_on.clear()
    with ExitStack() as open_ones:
        for _ in range(allowed):
            one = open_ones.enter_context(socket.create_connection(("127.0.0.1", nginx.port), timeout=20))
            one.sendall(ask)
            assert one.recv(64).startswith(b"HTTP/1.1 200")
        refused = get(nginx, "/api/me")
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
        assert get(nginx, "/", "martin.localhost").status_code == 503
        app.go_on.set()


def test_a_stopped_client_leaves_its_neighbour_alone(nginx: NginxHost) -> None:
    assert get(nginx, "/", "martin.localhost").status_code == 503
    assert get(nginx, "/").status_code == 200


def test_an_answer_is_passed_on_while_it_is_written(nginx: NginxHost, app: Upstream) -> None:
    app.go_on.clear()
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=10) as connection:
        connection.sendall(f"POST /api/chat HTTP/1.1\r\nHost: {DUPONT}\r\nContent-Length: 0\r\n\r\n".encode())
        received = b""
        while b"event: token" not in received:
            received += connection.recv(4096)
        assert b"event: done" not in received
        app.go_on.set()
        while b"event: done" not in received:
            received += connection.recv(4096)


def test_the_access_log_is_json_without_query_strings(nginx: NginxHost, dupont: TenantSpec) -> None:
    get(nginx, '/secret"path?token=hidden', **{"User-Agent": 'x"y'})
    lines = nginx.access_log_with(dupont, "/secret").splitlines()
    entries = [json.loads(line) for line in lines]
    assert entries[-1]["path"] == '/secret"path'
    assert entries[-1]["status"] == 200
    assert "hidden" not in "".join(lines)


@pytest.mark.parametrize("text", [text for text in HOSTILE_TEXTS if "$" not in text])
def test_a_quoted_parameter_is_what_nginx_itself_reads(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    laid_out = lay_out(tmp_path_factory.mktemp("root"), ())
    site = f"server {{ listen 127.0.0.1:{laid_out.port}; server_name a.test; return 200 {quote(text)}; }}"
    laid_out.settings.layout.nginx.joinpath("sites", "a.conf").write_text(site)
    with running(laid_out) as nginx:
        assert get(nginx, "/", "a.test").text == text


def complaints(configuration: Path) -> list[str]:
    """The checks of gixy that find something."""
    found = subprocess.run(
        [Path(sys.executable).with_name("gixy"), "--format", "json", configuration],
        capture_output=True,
        text=True,
        check=False,
    )
    return [complaint["plugin"] for complaint in json.loads(found.stdout)]


def test_gixy_finds_nothing_to_complain_about(nginx: NginxHost) -> None:
    assert complaints(nginx.configuration) == []


def test_gixy_finds_nothing_over_tls_either(dupont: TenantSpec, tmp_path: Path) -> None:
    names = ("*.localhost", "assistant.cabinet-dupont.fr")
    LocalCA.begin().issue(tmp_path / "certificates" / "all", *names)
    martin = replace(spec(id="martin"), port=free_port())
    over_tls = lay_out(tmp_path / "root", (dupont,), (martin,), tmp_path / "certificates")
    with running(over_tls) as nginx:
        sent_on = get(nginx, "/cases")
        assert sent_on.headers["location"] == f"https://{DUPONT}:{nginx.settings.https_port}/cases"
    assert complaints(over_tls.configuration) == []


def test_gixy_would_have_found_a_careless_site(dupont: TenantSpec, tmp_path: Path) -> None:
    careless = lay_out(tmp_path / "root", (dupont,))
    site = careless.settings.layout.nginx / "sites" / "dupont.conf"
    site.write_text(site.read_text().replace("return 400;", "return 302 http://$http_host$uri;"))
    assert complaints(careless.configuration) != []
