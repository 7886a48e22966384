"""What visitors, clients, disks and operators in a hurry do to a production host, and what comes of it.

More of it stands where it belongs by its subject: crash points in test_systemd_crashes, walls in test_walls,
certificates in test_tls; docs/developers/faults.md names the place of each.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.conftest import EMAIL, Client, provisioned
from tests.drivers.operators import SystemdOperator, done, provision
from tests.drivers.tls_host import DIRECTORY, curl, head, send, tls_host
from tests.local_ca import LocalCA
from tests.provisioner.local_root import wait_until
from tests.systemd.host import PREFIX, PYTHON
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

PROVISION = f"env PYTHONPATH={PREFIX}/src {PYTHON} -m provisioner --driver systemd --json"
QUESTION = "Combien de jours de congés payés par an ?"


@pytest.fixture(scope="module")
def operator() -> Iterator[SystemdOperator]:
    with tls_host(LocalCA.begin()) as operator:
        yield operator


@pytest.fixture(scope="module")
def machine(operator: SystemdOperator) -> Machine:
    return operator.machine


@pytest.fixture(scope="module")
def dupont(operator: SystemdOperator) -> Client:
    """A client with a document, who has been asked a question."""
    client = provisioned(operator, "dupont", "professional")
    document = Path("/root/conges.md")
    operator.path(document).write_text("# Congés\n\nChaque salarié a droit à vingt-cinq jours de congés.\n")
    done(operator, "ingest", client.id, str(document))
    answer = asked(client, "/api/chat", {"question": QUESTION}, key(client))
    assert "vingt-cinq" in answer["answer"]
    return client


@pytest.fixture(scope="module")
def martin(operator: SystemdOperator) -> Client:
    return provisioned(operator, "martin", "starter")


def key(client: Client) -> str:
    return f"X-API-Key: {client.told['api_key']}"


def url(client: Client, path: str) -> str:
    return f"https://{client.host}{path}"


def posted(client: Client, path: str, body: dict[str, Any], *headers: str) -> tuple[int, str]:
    """Post JSON over TLS; return the status and the answer."""
    words = [word for one in ("Content-Type: application/json", *headers) for word in ("--header", one)]
    said = curl(operator_of(client).machine, url(client, path), *words, "--data-binary", json.dumps(body))
    first, _, text = said.stdout.decode().partition("\r\n\r\n")
    return int(first.split()[1]), text


def asked(client: Client, path: str, body: dict[str, Any], *headers: str) -> Any:
    status, text = posted(client, path, body, *headers)
    assert status == 200, text
    return json.loads(text)


def operator_of(client: Client) -> SystemdOperator:
    assert isinstance(client.operator, SystemdOperator)
    return client.operator


def serves(machine: Machine, client: Client) -> bool:
    return head(machine, url(client, "/readyz"))[0] == 200


def requests_used(client: Client) -> int:
    (row,) = done(client.operator, "usage", client.id)
    return int(row["requests_used"])


@pytest.mark.parametrize(
    "target_and_host",
    [
        "/login HTTP/1.1\r\nHost: ../../etc",
        "/login HTTP/1.1\r\nHost: martin.iamanager.test",
        "/login HTTP/1.1\r\nHost: nobody.iamanager.test",
        "/login HTTP/1.1\r\nHost: dupont.iamanager.test\r\nHost: martin.iamanager.test",
        "https://martin.iamanager.test/login HTTP/1.1\r\nHost: dupont.iamanager.test",
        "/login HTTP/1.1\r\nHost:",
        "/login HTTP/1.1",
    ],
)
def test_no_host_header_leads_to_another_client(
    machine: Machine, dupont: Client, martin: Client, target_and_host: str
) -> None:
    said = send(machine, dupont.host, f"GET {target_and_host}\r\nConnection: close\r\n\r\n")
    assert said.split(b" ")[1:2] in ([b"400"], [b"421"], [])
    assert b"csrf" not in said


def test_a_visitor_who_claims_other_addresses_is_known_by_the_real_one(
    machine: Machine, martin: Client
) -> None:
    guess = {"email": EMAIL, "password": "guessed once more"}
    claims = [
        (f"X-Forwarded-For: 9.9.9.{n}", f"X-Real-IP: 9.9.9.{n}", f"Forwarded: for=9.9.9.{n}")
        for n in range(14)
    ]
    statuses = [posted(martin, "/api/auth/login", guess, *one)[0] for one in claims]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    log = machine.run("journalctl", "--unit=tenant@martin.service", "--output=cat", "--no-pager")
    requests = [json.loads(line) for line in log.splitlines() if '"route": "/api/auth/login"' in line]
    assert {one["address"] for one in requests} == {"127.0.0.1"}
    assert "9.9.9." not in log + machine.run("sh", "-c", "cat /var/log/nginx/*")


def test_suspended_every_way_in_is_closed_at_once_and_open_again_afterwards(
    machine: Machine, dupont: Client
) -> None:
    tokens = asked(dupont, "/api/auth/login", {"email": EMAIL, "password": dupont.told["admin"]["password"]})
    token = f"Authorization: Bearer {tokens['access_token']}"
    done(dupont.operator, "suspend", dupont.id)
    try:
        wait_until(lambda: head(machine, url(dupont, "/api/me"), "--header", token)[0] == 503)
        assert head(machine, url(dupont, "/login"))[0] == 503
        assert head(machine, url(dupont, "/api/billing/usage"), "--header", key(dupont))[0] == 503
        assert posted(dupont, "/api/auth/refresh", {"refresh_token": tokens["refresh_token"]})[0] == 503
        assert operator_of(dupont).main_process(dupont.id) == 0
    finally:
        done(dupont.operator, "resume", dupont.id)
    assert head(machine, url(dupont, "/api/me"), "--header", token)[0] == 200


def test_no_secret_is_in_a_command_line_a_log_or_a_file_others_may_read(
    machine: Machine, dupont: Client
) -> None:
    private = machine.path(f"{DIRECTORY}/base/privkey.pem").read_text().splitlines()[1]
    settings = machine.path("/var/www/client-dupont/.env").read_text().splitlines()
    signing = [line.split("=", 1)[1].strip("\"'") for line in settings if line.split("=")[0].endswith("_KEY")]
    told = [dupont.told["api_key"], dupont.told["admin"]["password"]]
    secrets = [one for one in (*told, *signing, private) if one]
    assert len(secrets) >= 5
    # Where people put them by mistake.
    head(machine, url(dupont, f"/api/me?api_key={told[0]}&password={told[1]}"))
    posted(dupont, "/api/auth/login", {"email": told[1], "password": told[0]})
    provision(dupont.operator, "user", "add", dupont.id, "x@example.fr", "--role", "none", stdin=told[1])
    told_to_all = machine.run("journalctl", "--output=export", "--no-pager")
    told_to_all += machine.run("sh", "-c", "cat /proc/[0-9]*/cmdline; cat /var/log/nginx/*")
    readable = "find /etc /var /run /tmp -xdev -type f -perm /004 -size -1000k -exec cat {} +"
    told_to_all += machine.attempt("sh", "-c", readable).stdout.decode(errors="replace")
    assert "dupont" in told_to_all
    assert "daemon:x:1:" in told_to_all
    assert [secret for secret in secrets if secret in told_to_all] == []


@contextmanager
def mounted(machine: Machine, place: str, *steps: str) -> Iterator[None]:
    for step in steps:
        machine.run("sh", "-c", step)
    try:
        yield
    finally:
        machine.run("umount", place)


def test_where_etc_cannot_be_written_nothing_is_half_done(
    machine: Machine, operator: SystemdOperator, dupont: Client
) -> None:
    steps = ("mount --bind /etc /etc", "mount -o remount,ro,bind /etc")
    with mounted(machine, "/etc", *steps):
        failed = provision(operator, "new", "ecrit", "--plan", "starter")
        suspended = provision(operator, "suspend", dupont.id)
    assert (failed.status, suspended.status) == (1, 1)
    assert failed.document["error"]["mend"]
    assert "ecrit" not in [row["id"] for row in done(operator, "list")]
    assert not machine.path("/var/www/client-ecrit").exists()
    assert serves(machine, dupont)
    assert provision(operator, "diff", dupont.id).status == 0
    ecrit = provisioned(operator, "ecrit", "starter")
    assert serves(machine, ecrit)
    done(operator, "purge", "ecrit", "--yes")


def test_a_full_disk_ends_a_backup_leaves_no_part_of_it_and_stops_nobody(
    machine: Machine, operator: SystemdOperator, dupont: Client
) -> None:
    folder = "/var/www/backups"
    machine.run("mkdir", "-p", folder)
    with mounted(machine, folder, f"mount -t tmpfs -o size=16k,mode=0700 tmpfs {folder}"):
        failed = provision(operator, "backup", dupont.id)
        left = [path for path in machine.path(folder).rglob("*") if path.is_file()]
    assert failed.status == 1
    assert "No space left on device" in failed.document["error"]["message"]
    assert left == []
    assert serves(machine, dupont)
    done(operator, "backup", dupont.id)


def test_without_file_descriptors_a_command_is_refused_and_touches_nothing(
    machine: Machine, operator: SystemdOperator, dupont: Client
) -> None:
    before = operator_of(dupont).main_process(dupont.id)
    finished = machine.attempt("sh", "-c", f"ulimit -n 12; {PROVISION} restart dupont")
    assert finished.returncode in (1, 2)
    assert b"Too many open files" in finished.stdout + finished.stderr
    assert operator_of(dupont).main_process(dupont.id) == before
    assert provision(operator, "diff", dupont.id).status == 0


def test_operators_at_once_get_each_their_client_and_of_one_name_one(
    machine: Machine, operator: SystemdOperator
) -> None:
    names = ("alpha", "bravo", "charlie", "charlie")
    begun = "; ".join(
        f"({PROVISION} new {name} --plan starter >/root/{n}.json 2>/root/{n}.log; echo $? >/root/{n}.rc) &"
        for n, name in enumerate(names)
    ).replace("&;", "&")
    machine.run("sh", "-c", f"{begun} wait")
    statuses = [machine.path(f"/root/{n}.rc").read_text().strip() for n in range(len(names))]
    assert statuses[:2] == ["0", "0"]
    assert sorted(statuses[2:]) == ["0", "2"]
    rows = {row["id"]: row for row in done(operator, "list") if row["id"] in names}
    assert len({row["port"] for row in rows.values()}) == 3
    users = machine.run("sh", "-c", "getent passwd | grep ^tn- | cut -d: -f3").split()
    assert len(set(users)) == len(users) >= 3
    for name in rows:
        done(operator, "purge", name, "--yes")


@pytest.mark.parametrize("damaged", ["", '{"client_id": "dupont", "requests_us', "\0" * 512])
def test_a_damaged_usage_file_is_written_anew_from_the_ledger(
    machine: Machine, dupont: Client, damaged: str
) -> None:
    used = requests_used(dupont)
    assert used >= 1
    folder = machine.path("/var/www/client-dupont/data/usage")
    (file,) = folder.glob("[0-9]*.json")
    file.write_text(damaged)
    assert requests_used(dupont) == used
    file.write_text(damaged)
    status, text = posted(dupont, "/api/chat", {"question": QUESTION}, key(dupont))
    assert status == 200, text
    assert json.loads(text)["usage"]["requests_used"] == used + 1
    assert requests_used(dupont) == used + 1


def test_a_backup_with_one_byte_changed_is_refused_before_anything_is_written(
    machine: Machine, operator: SystemdOperator, dupont: Client
) -> None:
    archive = machine.path(done(operator, "backup", dupont.id)["file"])
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
    before = operator_of(dupont).main_process(dupont.id)
    inside = f"/{archive.relative_to(machine.path('/'))}"
    assert provision(operator, "restore", inside).status == 2
    assert provision(operator, "restore", inside, "--as", "copie").status == 2
    assert not machine.path("/var/www/client-copie").exists()
    assert operator_of(dupont).main_process(dupont.id) == before
    assert "vingt-cinq" in asked(dupont, "/api/chat", {"question": QUESTION}, key(dupont))["answer"]


def test_no_name_in_tls_opens_another_client_and_a_server_for_any_name_is_found(
    machine: Machine, operator: SystemdOperator, dupont: Client, martin: Client
) -> None:
    assert tls_names(provision(operator, "prove-isolation").document) == {
        (dupont.id, martin.id): "held",
        (martin.id, dupont.id): "held",
    }
    foreign = machine.path("/etc/nginx/conf.d/aaa.conf")
    certificate = (
        f"ssl_certificate {DIRECTORY}/base/fullchain.pem; ssl_certificate_key {DIRECTORY}/base/privkey.pem;"
    )
    foreign.write_text(f'server {{ listen 443 ssl; server_name ~.*; {certificate} return 200 "hello"; }}\n')
    machine.run("systemctl", "reload", "nginx")
    try:
        found = provision(operator, "prove-isolation", martin.id)
    finally:
        foreign.unlink()
        machine.run("systemctl", "reload", "nginx")
    assert found.status == 3, found.messages
    assert tls_names(found.document) == {(dupont.id, martin.id): "open"}


def tls_names(proof: dict[str, Any]) -> dict[tuple[str, str], str]:
    """What became of trying one client's name in TLS for another, by who tried it on whom."""
    tried = [one for one in proof["results"] if one["route"] == "tls-name"]
    return {(one["attacker"], one["victim"]): one["verdict"] for one in tried}
