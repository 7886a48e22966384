"""A client without a network is answered by the provider, and cannot get at its key."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.conftest import Client, provisioned
from tests.drivers.inside import Inside
from tests.drivers.operators import Answer, SystemdOperator, ask, done
from tests.provisioner.local_root import wait_until
from tests.systemd.host import PREFIX, PYTHON, tenantry_machine
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

KEY_FILE = "/etc/tenantry/llm-api-key"
KEY = "sk-provider-0001"
SEEN = "/var/log/nginx/provider.log"
HOST_YAML = (
    f"llm_base_url: https://provider.test:9443/v1\nllm_api_key_file: {KEY_FILE}\nllm_timeout_seconds: 5\n"
)
CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=provider.test "
    "-addext subjectAltName=DNS:{name} -keyout /etc/ssl/provider.key -out /etc/ssl/provider.crt 2>/dev/null"
)
PROVIDER = f"""
log_format seen '$http_authorization|$http_user_agent|$http_cookie|$http_x_request_id|$uri';
server {{
    listen 127.0.0.1:9443 ssl;
    server_name provider.test;
    ssl_certificate /etc/ssl/provider.crt;
    ssl_certificate_key /etc/ssl/provider.key;
    access_log {SEEN} seen;
    location / {{
        proxy_buffering off;
        proxy_pass http://127.0.0.1:9101;
    }}
}}
"""
QUESTION = "Combien de jours de congés payés par an ?"


def have_certificate(machine: Machine, name: str = "provider.test") -> None:
    """Give the provider a certificate for `name` that this machine trusts."""
    machine.run("sh", "-c", CERTIFICATE.format(name=name))
    machine.run("cp", "/etc/ssl/provider.crt", "/usr/local/share/ca-certificates/provider.crt")
    machine.run("update-ca-certificates", "--fresh")
    machine.run("nginx", "-t", "-q")
    # A reload is not waited for: for a moment the old certificate would still be shown.
    machine.run("systemctl", "restart", "nginx.service")


def begin_provider(machine: Machine) -> None:
    """A service like OpenAI's at https://provider.test:9443, behind a certificate of this machine's trust."""
    simulator = (PYTHON, "-m", "tenant_app.assistant.provider_simulator", "--port", "9101")
    variables = f"--setenv=PYTHONPATH={PREFIX}/src"
    machine.run("systemd-run", "--quiet", "--unit=provider", variables, *simulator)
    with machine.path("/etc/hosts").open("a") as hosts:
        hosts.write("127.0.0.1 provider.test\n")
    machine.path("/etc/nginx/conf.d/provider.conf").write_text(PROVIDER)
    have_certificate(machine)


@pytest.fixture(scope="module")
def operator() -> Iterator[SystemdOperator]:
    """The operator of a host that names a provider."""
    with tenantry_machine() as machine:
        begin_provider(machine)
        machine.path("/etc/tenantry").mkdir()
        machine.path(KEY_FILE).write_text(f"{KEY}\n")
        machine.path(KEY_FILE).chmod(0o600)
        machine.path("/var/www/host.yaml").write_text(HOST_YAML)
        operator = SystemdOperator(machine)
        done(operator, "host", "init")
        yield operator


@pytest.fixture(scope="module")
def machine(operator: SystemdOperator) -> Machine:
    return operator.machine


@pytest.fixture(scope="module")
def dupont(operator: SystemdOperator) -> Client:
    return with_document(provisioned(operator, "dupont", "starter"))


@pytest.fixture(scope="module")
def martin(operator: SystemdOperator) -> Client:
    return with_document(provisioned(operator, "martin", "starter"))


def with_document(client: Client) -> Client:
    document = Path("/root/conges.md")
    client.operator.path(document).write_text(
        "# Congés\n\nChaque salarié a droit à vingt-cinq jours ouvrés de congés payés par an.\n"
    )
    done(client.operator, "ingest", client.id, str(document))
    return client


def answered(client: Client, question: str = QUESTION) -> Answer:
    key = {"X-API-Key": client.told["api_key"]}
    return ask(client.operator, client.host, "/api/chat", send={"question": question}, headers=key)


def asks(inside: Inside, path: str = "/v1/chat/completions", *words: str, times: int = 1) -> list[str]:
    """Ask by the client's own way to the provider, and return the statuses."""
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}]})
    socket = f"/var/lib/tenantry-egress/{inside.id}/provider.sock"
    curl = f"curl --silent --output /dev/null --write-out '%{{http_code}} ' --unix-socket {socket}"
    request = f"{curl} --data '{body}' {' '.join(words)} http://x{path}"
    return inside.says(f"for n in $(seq {times}); do {request}; done").split()


@pytest.fixture(scope="module")
def inside(machine: Machine, dupont: Client) -> Inside:
    return Inside(machine, dupont.id)


def test_an_answer_is_the_providers(dupont: Client, machine: Machine) -> None:
    answer = answered(dupont)
    assert (answer.status, answer.json()["mode"]) == (200, "llm"), answer.text
    seen = machine.path(SEEN).read_text().splitlines()[-1]
    assert seen == f"Bearer {KEY}|-|-|-|/v1/chat/completions"


def test_nothing_a_client_says_of_itself_reaches_the_provider(machine: Machine, inside: Inside) -> None:
    claims = ("--header 'Authorization: Bearer mine'", "--header 'Cookie: a=b'", "--header 'X-Request-ID: 1'")
    assert asks(inside, "/v1/chat/completions", *claims) == ["200"]
    assert machine.path(SEEN).read_text().splitlines()[-1].startswith(f"Bearer {KEY}|-|-|-|")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/files", "/", "/v1/chat/completions/..", "//v1/x"])
def test_a_client_asks_for_answers_and_nothing_else(inside: Inside, path: str) -> None:
    assert asks(inside, path, "--path-as-is") == ["404"]


def test_a_client_cannot_read_what_was_answered_by_another_method(inside: Inside) -> None:
    assert asks(inside, "/v1/chat/completions", "--request", "DELETE") == ["403"]


def test_a_client_sees_no_way_but_its_own(inside: Inside, martin: Client) -> None:
    assert martin.id
    assert inside.says("ls /var/lib/tenantry-egress") == "dupont"
    assert inside.says("ls /var/lib/tenantry-egress/martin").endswith("No such file or directory")
    for place in ("/etc/tenantry/egress", "/etc/tenantry/egress/provider.conf", KEY_FILE):
        assert inside.says(f"cat {place}").endswith("Permission denied"), place


def test_even_outside_its_walls_a_client_reaches_no_other_way(machine: Machine, martin: Client) -> None:
    user = ("setpriv", "--reuid=tn-dupont", "--regid=tn-dupont", "--init-groups")
    socket = f"/var/lib/tenantry-egress/{martin.id}/provider.sock"
    refused = machine.attempt(*user, "curl", "--silent", "--show-error", "--unix-socket", socket, "http://x/")
    assert refused.returncode != 0
    assert machine.attempt(*user, "ls", "/var/lib/tenantry-egress").returncode != 0


def test_the_key_is_written_in_two_files_and_nowhere_else(machine: Machine, dupont: Client) -> None:
    places = ("/etc", "/run", "/var", "/root", "/tmp", "/home")
    found = machine.attempt("grep", "-r", "--files-with-matches", "--devices=skip", KEY, *places)
    told = set(found.stdout.decode().split()) - {SEEN}
    assert told == {KEY_FILE, "/etc/tenantry/egress/provider.conf"}
    assert machine.run("stat", "--format=%U %a", "/etc/tenantry/egress/provider.conf").split() == [
        "tenantry-egress",
        "400",
    ]
    words = machine.run("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    assert KEY not in words


def test_a_client_that_asks_too_often_is_held_back_and_no_other(inside: Inside, martin: Client) -> None:
    statuses = asks(inside, times=60)
    assert statuses.count("429") >= 30
    answer = answered(martin)
    assert (answer.status, answer.json()["mode"]) == (200, "llm"), answer.text


def test_killed_it_is_back_and_answers(machine: Machine, martin: Client) -> None:
    before = machine.show("tenantry-egress.service", "MainPID")["MainPID"]
    machine.run("systemctl", "kill", "--kill-who=all", "--signal=KILL", "tenantry-egress.service")
    wait_until(lambda: machine.show("tenantry-egress.service", "MainPID")["MainPID"] not in ("0", before))
    wait_until(lambda: "provider.sock" in machine.run("ls", f"/var/lib/tenantry-egress/{martin.id}"))
    assert answered(martin, "Quels jours de congés ?").json()["mode"] == "llm"


def test_another_key_is_used_at_once_and_stops_nobody(machine: Machine, martin: Client) -> None:
    service = f"tenant@{martin.id}.service"
    before = machine.show(service, "MainPID")
    machine.path(KEY_FILE).write_text("sk-provider-0002\n")
    done(martin.operator, "apply")
    answer = answered(martin, "Combien de congés payés ?")
    assert answer.json()["mode"] == "llm", answer.text
    wait_until(lambda: machine.path(SEEN).read_text().splitlines()[-1].startswith("Bearer sk-provider-0002|"))
    assert machine.show(service, "MainPID") == before


def test_a_provider_without_its_name_in_its_certificate_is_not_asked(
    machine: Machine, martin: Client
) -> None:
    asked = len(machine.path(SEEN).read_text().splitlines())
    have_certificate(machine, "somebody-else.test")
    try:
        answer = answered(martin, "Combien de jours par an ?")
        assert (answer.status, answer.json()["mode"]) == (200, "local"), answer.text
        assert len(machine.path(SEEN).read_text().splitlines()) == asked
    finally:
        have_certificate(machine)


def test_a_purged_client_leaves_no_way(machine: Machine, operator: SystemdOperator) -> None:
    provisioned(operator, "petit", "starter")
    assert machine.path("/var/lib/tenantry-egress/petit").is_dir()
    done(operator, "remove", "petit")
    assert not machine.path("/etc/tenantry/egress/clients/petit.conf").exists()
    done(operator, "purge", "petit", "--yes")
    assert not machine.path("/var/lib/tenantry-egress/petit").exists()
