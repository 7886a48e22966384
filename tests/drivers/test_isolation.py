"""`prove-isolation` under systemd: all walls of three clients hold, and a wall that is opened is found."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from provisioner.isolation.routes import ROUTES
from tests.drivers.conftest import provisioned
from tests.drivers.operators import Outcome, SystemdOperator, done, provision
from tests.drivers.test_egress import HOST_YAML, KEY, KEY_FILE, begin_provider
from tests.provisioner.local_root import wait_until
from tests.systemd.host import PREFIX, PYTHON, tenantry_machine
from tests.systemd.machine import Machine

pytestmark = pytest.mark.systemd

CLIENTS = ("walla", "wallb", "wallc")
PAIRS = {(one, other) for one in CLIENTS for other in CLIENTS if one != other}
#: What is tried on each other client, and on the host by each.
ON_CLIENTS = {
    *(
        ("walls", route)
        for route in ("documents", "database", "vectors", "usage", "settings", "logs", "site")
    ),
    *(
        ("walls", route)
        for route in ("egress", "process", "signal", "trace", "process-list", "folder", "port")
    ),
    *(("user", route) for route in ("documents", "database", "vectors", "usage", "settings", "logs", "site")),
    *(("user", route) for route in ("egress", "process", "signal", "trace")),
    *(("door", route) for route in ("keys", "operator", "token", "api-key", "cookie", "host-name")),
    *(("door", route) for route in ("search", "chat")),
}
ON_HOST = {
    *(("walls", route) for route in ("registry", "provider-key", "site", "control", "backups")),
    *(("walls", route) for route in ("host-network", "outside", "metadata", "namespace")),
    *(("user", route) for route in ("registry", "provider-key", "site", "control", "backups")),
}
CANARY = "preuve-isolation"


@pytest.fixture(scope="module")
def operator() -> Iterator[SystemdOperator]:
    """The operator of a host of its own with three clients and a provider: tests open its walls."""
    with tenantry_machine() as machine:
        begin_provider(machine)
        machine.path("/etc/tenantry").mkdir()
        machine.path(KEY_FILE).write_text(f"{KEY}\n")
        machine.path(KEY_FILE).chmod(0o600)
        machine.path("/var/www/host.yaml").write_text(HOST_YAML)
        machine.path("/var/www/host.yaml").chmod(0o600)
        operator = SystemdOperator(machine)
        for name in CLIENTS:
            provisioned(operator, name, "starter")
        done(operator, "backup", "wallb")
        yield operator


@pytest.fixture(scope="module")
def machine(operator: SystemdOperator) -> Machine:
    return operator.machine


def results(proof: Outcome, verdict: str) -> list[dict[str, Any]]:
    return [one for one in proof.document["results"] if one["verdict"] == verdict]


def opened(proof: Outcome) -> set[tuple[str, str, str, str]]:
    """Who reached whom (empty: the host) by which route, from where."""
    return {
        (one["attacker"], one["victim"], one["route"], one["standpoint"]) for one in results(proof, "open")
    }


def test_every_wall_holds(operator: SystemdOperator) -> None:
    before = used(operator)
    proof = provision(operator, "prove-isolation")
    assert proof.status == 0, proof.messages + json.dumps(results(proof, "open") + results(proof, "unproven"))
    held = {
        (one["attacker"], one["victim"], one["standpoint"], one["route"]) for one in results(proof, "held")
    }
    assert {(one, other, *way) for one, other in PAIRS for way in ON_CLIENTS} <= held
    assert {(one, "", *way) for one in CLIENTS for way in ON_HOST} <= held
    assert {("walla", "wallb", "user", "backups"), ("walla", "wallb", "walls", "backups")} <= held
    assert {way[1] for way in ON_CLIENTS | ON_HOST} == {one.name for one in ROUTES} - {"tls-name"}
    assert used(operator) == before
    event = done(operator, "events")[-1]
    assert (event["command"], event["outcome"]) == ("prove-isolation", "done")
    check_nothing_is_left(operator)


def used(operator: SystemdOperator) -> list[dict[str, Any]]:
    """What is counted of every client."""
    return [{**row, "updated_at": ""} for row in done(operator, "usage")]


def check_nothing_is_left(operator: SystemdOperator) -> None:
    for name in CLIENTS:
        told = (done(operator, *words, name) for words in (("user", "list"), ("key", "list")))
        assert CANARY not in json.dumps([list(one) if isinstance(one, list) else one for one in told])
        data = operator.path(Path(f"/var/www/client-{name}/data"))
        assert not list((data / "originals").iterdir())
    assert not operator.path(Path("/var/www/isolation-proof")).exists()


@contextmanager
def mode(machine: Machine, *paths: tuple[str, int]) -> Iterator[None]:
    """Have other modes for a while."""
    before = [(path, machine.path(path).stat().st_mode & 0o7777) for path, _ in paths]
    for path, wanted in paths:
        machine.path(path).chmod(wanted)
    try:
        yield
    finally:
        for path, was in before:
            machine.path(path).chmod(was)


@contextmanager
def drop_in(machine: Machine, *lines: str) -> Iterator[None]:
    """An operator's own lines for walla's unit; its process runs on as it was started."""
    file = machine.path("/etc/systemd/system/tenant@walla.service.d/zz.conf")
    file.write_text("\n".join(("[Service]", *lines)) + "\n")
    machine.run("systemctl", "daemon-reload")
    try:
        yield
    finally:
        file.unlink()
        machine.run("systemctl", "daemon-reload")


@contextmanager
def replaced(operator: SystemdOperator, path: str, old: str, new: str, *then: str) -> Iterator[None]:
    """Have another text in a file for a while, and a command run each time."""
    file = operator.machine.path(path)
    before = file.read_text()
    assert old in before
    file.write_text(before.replace(old, new))
    operator.machine.run(*then)
    try:
        yield
    finally:
        file.write_text(before)
        operator.machine.run(*then)


@dataclass(frozen=True)
class Opening:
    """Modes, or lines of a unit, that open a wall; what is found open: victim, route, from where."""

    found: tuple[tuple[str, str, str], ...]
    modes: tuple[tuple[str, int], ...] = ()
    lines: tuple[str, ...] = ()


DATA = "/var/www/client-wallb/data"
AF_INET = ("RestrictAddressFamilies=AF_UNIX AF_INET", "IPAddressDeny=")
ADDRESSES = (("", "host-network", "walls"), ("", "namespace", "walls"), ("wallb", "port", "walls"))
OPENINGS = {
    "data": Opening(
        (("wallb", "documents", "user"), ("wallb", "database", "user")),
        modes=((DATA, 0o755), (f"{DATA}/tenant.sqlite3", 0o644)),
    ),
    "settings": Opening((("wallb", "settings", "user"),), modes=(("/var/www/client-wallb/.env", 0o644),)),
    "egress": Opening((("wallb", "egress", "user"),), modes=(("/var/lib/tenantry-egress/wallb", 0o755),)),
    "provider-key": Opening(
        (("", "provider-key", "user"), ("", "provider-key", "walls")), modes=((KEY_FILE, 0o644),)
    ),
    "registry": Opening((("", "registry", "user"),), modes=(("/var/www/registry.sqlite3", 0o644),)),
    "network": Opening((("", "namespace", "walls"),), lines=("PrivateNetwork=no",)),
    "addresses": Opening(ADDRESSES, lines=("PrivateNetwork=no", *AF_INET)),
    "processes": Opening((("wallb", "process-list", "walls"),), lines=("ProtectProc=default",)),
    "folders": Opening((("wallb", "folder", "walls"),), lines=("TemporaryFileSystem=",)),
    "control": Opening((("", "control", "walls"),), lines=("InaccessiblePaths=",)),
}


@pytest.mark.parametrize("name", OPENINGS)
def test_an_open_wall_is_found(operator: SystemdOperator, name: str) -> None:
    opening = OPENINGS[name]
    lines = drop_in(operator.machine, *opening.lines) if opening.lines else nullcontext()
    with mode(operator.machine, *opening.modes), lines:
        proof = provision(operator, "prove-isolation", "wallb")
    assert proof.status == 3, proof.messages
    expected = {
        (one, *way)
        for way in opening.found
        # The host's own is tried from every client, the victim of the others among them.
        for one in (("walla",) if opening.lines else CLIENTS if not way[0] else ("walla", "wallc"))
    }
    assert opened(proof) == expected
    assert all(one["mend"] for one in results(proof, "open"))


def test_keys_in_common_are_found(operator: SystemdOperator) -> None:
    """The operator's token of one is then the other's as well."""
    env = {name: f"/var/www/client-{name}/.env" for name in ("walla", "wallb")}
    lines = {
        name: {
            line.partition("=")[0]: line
            for line in operator.machine.path(path).read_text().splitlines()
            if line
        }
        for name, path in env.items()
    }
    key = "OPERATOR_KEY"
    restart = ("systemctl", "restart", "tenant@walla.service")
    with replaced(operator, env["walla"], lines["walla"][key], lines["wallb"][key], *restart):
        proof = provision(operator, "prove-isolation", "wallb")
    assert proof.status == 3, proof.messages
    assert opened(proof) == {("walla", "wallb", route, "door") for route in ("keys", "operator")}
    assert provision(operator, "prove-isolation", "walla", "wallb").status == 0


def test_requests_that_are_led_astray_are_found(operator: SystemdOperator) -> None:
    ports = {row["id"]: row["port"] for row in done(operator, "list")}
    folder = operator.machine.path("/etc/nginx/tenantry/custom.d/wallb")
    folder.mkdir(parents=True)
    elsewhere = f"proxy_pass http://127.0.0.1:{ports['walla']}; proxy_set_header Host walla.localhost;"
    (folder / "astray.conf").write_text(f"location = /api/me {{ {elsewhere} }}\n")
    operator.machine.run("systemctl", "reload", "nginx")
    try:
        proof = provision(operator, "prove-isolation", "wallb")
    finally:
        (folder / "astray.conf").unlink()
        operator.machine.run("systemctl", "reload", "nginx")
    assert proof.status == 3, proof.messages
    assert opened(proof) == {("walla", "wallb", route, "door") for route in ("token", "api-key", "cookie")}


def test_a_server_for_any_name_is_found(operator: SystemdOperator) -> None:
    shared = "/etc/nginx/conf.d/tenantry.conf"
    reload = ("systemctl", "reload", "nginx")
    # `prepare_host` would mend what differs: what an operator adds beside it stays.
    foreign = operator.machine.path("/etc/nginx/conf.d/aaa.conf")
    text = operator.machine.path(shared).read_text()
    assert "return 444;" in text
    foreign.write_text('server { listen 127.0.0.1:8080; server_name ~.*; return 200 "hello"; }\n')
    operator.machine.run(*reload)
    try:
        proof = provision(operator, "prove-isolation", "wallb")
    finally:
        foreign.unlink()
        operator.machine.run(*reload)
    assert proof.status == 3, proof.messages
    assert {(one, "wallb", "host-name", "door") for one in ("walla", "wallc")} == opened(proof)


@pytest.mark.parametrize("line", ["NoExecPaths=/", "BindPaths=/run/%H"])
def test_what_cannot_be_tried_is_no_wall(operator: SystemdOperator, line: str) -> None:
    with drop_in(operator.machine, line):
        proof = provision(operator, "prove-isolation", "wallb")
    assert proof.status == 1
    check_nothing_is_left(operator)


#: Builds the very command the product runs, with another program in it.
PLACE = """
import json, sys
from pathlib import Path
from pydantic import SecretStr
from provisioner.drivers.protocol import Names
from provisioner.drivers.systemd import SystemdDriver
from provisioner.host import load_host
from provisioner.runner import SystemRunner
driver = SystemdDriver(load_host(Path("/var/www"), {}))
look = "grep -E '^(Uid|Gid|Cap|NoNewPrivs|Seccomp)' /proc/self/status; readlink /proc/self/ns/net; "
look += "cut -d' ' -f5,6 /proc/self/mountinfo | sort"
command = driver.intrusion.commands(Names("wallb", "wallb.localhost"), ("/bin/sh", "-c", look), SecretStr(""))
sys.stdout.write(SystemRunner().run(command["walls"]).stdout)
"""


def test_it_is_tried_in_the_very_place_of_the_clients_process(operator: SystemdOperator) -> None:
    place = operator.run(PYTHON, "-c", PLACE).stdout.decode().splitlines()
    pid = operator.main_process("wallb")
    look = (
        f"grep -E '^(Uid|Gid|Cap|NoNewPrivs|Seccomp)' /proc/{pid}/status; readlink /proc/{pid}/ns/net; "
        f"cut -d' ' -f5,6 /proc/{pid}/mountinfo | sort"
    )
    process = operator.machine.run("sh", "-c", look).splitlines()
    assert len(process) > 20
    assert without_credentials(place) == without_credentials(process)


def without_credentials(lines: list[str]) -> list[str]:
    """Each unit's credentials are in a mount of its own name."""
    return [one for one in lines if not one.startswith("/run/credentials")]


def test_a_proof_that_is_killed_is_cleared_by_the_next(operator: SystemdOperator) -> None:
    machine = operator.machine
    command = (PYTHON, "-m", "provisioner", "--root", "/var/www", "--driver", "systemd", "prove-isolation")
    machine.run("systemd-run", "--quiet", "--unit=proof", f"--setenv=PYTHONPATH={PREFIX}/src", *command)
    wait_until(lambda: CANARY in json.dumps(done(operator, "key", "list", "wallb")))
    machine.run("systemctl", "kill", "--signal=KILL", "proof.service")
    wait_until(lambda: machine.show("proof.service", "ActiveState")["ActiveState"] == "failed")
    assert CANARY in json.dumps(done(operator, "key", "list", "wallb"))
    found = provision(operator, "doctor").document
    assert [one["mend"] for one in found if "canaries" in one["problem"]], found
    assert provision(operator, "prove-isolation", "walla").status == 0
    check_nothing_is_left(operator)
    assert not [one for one in provision(operator, "doctor").document if "prove-isolation" in str(one)]


@pytest.mark.parametrize("kind", ["md", "html"])
def test_a_report_names_its_client_and_no_other(operator: SystemdOperator, kind: str) -> None:
    done(operator, "set", "wallb", "name=Cabinet <Mur> & Fils")
    report = f"/root/isolation.{kind}"
    assert provision(operator, "prove-isolation", "wallb", "--report", report).status == 0
    text = operator.path(Path(report)).read_text()
    assert {"md": r"Cabinet \<Mur\> & Fils", "html": "Cabinet &lt;Mur&gt; &amp; Fils"}[kind] in text
    assert text.index("Preuve d") < text.index("Proof of isolation")
    assert "toutes les barrières promises ont tenu" in text
    assert not [word for word in ("walla", "wallc", "/var/www", KEY, CANARY) if word in text]


def test_one_client_alone_is_refused(operator: SystemdOperator) -> None:
    for name in ("walla", "wallc"):
        done(operator, "stop", name)
    try:
        refused = provision(operator, "prove-isolation")
        assert refused.status == 2, refused.messages
    finally:
        for name in ("walla", "wallc"):
            done(operator, "start", name)
