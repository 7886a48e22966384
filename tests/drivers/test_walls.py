"""What the systemd driver promises beyond the contract, shown from inside a client's own walls."""

from pathlib import Path

import pytest

from provisioner import quoting
from tests.drivers.conftest import Client
from tests.drivers.inside import Inside
from tests.drivers.operators import SystemdOperator, ask, done, provision
from tests.provisioner_pure.samples import HOSTILE_TEXTS
from tests.systemd.host import PREFIX, PYTHON
from tests.systemd.machine import Machine
from tests.tenant_app.library.scan_samples import picture, scanned_pdf

pytestmark = pytest.mark.systemd

SERVICE = "tenant@dupont.service"


@pytest.fixture(scope="module")
def inside(machine: Machine, dupont: Client) -> Inside:
    """Somebody who has broken into dupont's process."""
    done(dupont.operator, "start", "dupont")
    assert ask(dupont.operator, dupont.host, "/readyz").status == 200
    return Inside(machine, "dupont")


@pytest.fixture(scope="module", params=["systemd"])
def operator(machine: Machine) -> SystemdOperator:
    """These tests are about one driver."""
    return SystemdOperator(machine)


@pytest.fixture(scope="module")
def dupont(operator: SystemdOperator) -> Client:
    """The client of the contract tests, or the same one provisioned when they did not run."""
    rows = {row["id"]: row for row in done(operator, "list")}
    told = rows.get("dupont") or done(operator, "new", "dupont", "--plan", "professional")
    return Client(operator, "dupont", told["hostname"], told)


def test_the_plans_limits_are_in_effect(machine: Machine, inside: Inside) -> None:
    limits = machine.show(SERVICE, "MemoryMax", "MemorySwapMax", "CPUQuotaPerSecUSec", "TasksMax", "Slice")
    assert limits == {
        "MemoryMax": "1024000000",
        "MemorySwapMax": "0",
        "CPUQuotaPerSecUSec": "1.500000s",
        "TasksMax": "192",
        "Slice": "tenantry.slice",
    }


def test_the_kernel_holds_the_process_to_its_memory(machine: Machine, inside: Inside) -> None:
    group = machine.show(SERVICE, "ControlGroup")["ControlGroup"]
    files = (f"/sys/fs/cgroup/memory{group}/memory.limit_in_bytes", f"/sys/fs/cgroup{group}/memory.max")
    limit = machine.run("sh", "-c", f"cat {files[0]} 2>/dev/null || cat {files[1]}")
    assert 1_023_000_000 < int(limit) <= 1_024_000_000


def test_a_changed_limit_is_in_effect_at_once(machine: Machine, dupont: Client, inside: Inside) -> None:
    done(dupont.operator, "set", "dupont", "memory_mb=900")
    assert machine.show(SERVICE, "MemoryMax")["MemoryMax"] == "900000000"
    done(dupont.operator, "set", "dupont", "memory_mb=")


def test_a_client_cannot_read_its_settings_file(inside: Inside) -> None:
    assert inside.says("cat /var/www/client-dupont/.env").endswith("No such file or directory")


def test_the_settings_file_is_roots_even_outside_the_walls(machine: Machine, dupont: Client) -> None:
    file = machine.run("stat", "--format=%U:%G %a", "/var/www/client-dupont/.env")
    assert file.strip() == "root:root 600"


def test_a_client_sees_its_own_folder_and_no_other(inside: Inside) -> None:
    assert inside.says("ls -A /var/www") == "client-dupont"
    assert inside.says("ls -A /var/www/client-dupont") == "data"


def test_a_client_writes_its_data_and_nothing_else(inside: Inside) -> None:
    assert inside.says("touch /var/www/client-dupont/data/x && rm /var/www/client-dupont/data/x") == ""
    for place in ("/var/www/x", "/etc/x", f"{PREFIX}/src/x", "/var/lib/x", "/x"):
        assert "touch:" in inside.says(f"touch {place}")


def test_nothing_tells_a_client_of_the_others(inside: Inside) -> None:
    for place in ("/etc/systemd/system", "/etc/nginx", "/run/dbus", "/var/log"):
        assert inside.says(f"ls {place}/").endswith("Permission denied")


def test_a_client_sees_no_process_but_its_own(inside: Inside) -> None:
    owners = inside.says("stat --format=%U /proc/[0-9]* | sort -u")
    assert owners == "tn-dupont"


def test_a_client_has_no_network(inside: Inside) -> None:
    assert inside.says("cat /proc/self/net/dev | tail -n +3 | cut -d: -f1").split() == ["lo"]
    assert "Couldn't connect" in inside.says("curl --silent --show-error http://127.0.0.1:8080/")


def test_a_client_has_no_privilege_and_gets_none(machine: Machine, inside: Inside) -> None:
    pid = machine.show(SERVICE, "MainPID")["MainPID"]
    status = machine.run("cat", f"/proc/{pid}/status")
    values = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert {values[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (values["NoNewPrivs"].strip(), values["Seccomp"].strip()) == ("1", "2")


def test_scanned_pages_are_recognised_within_the_walls(machine: Machine, dupont: Client) -> None:
    scan = Path("/root/scan.pdf")
    machine.path(scan).write_bytes(scanned_pdf(picture(["Le badge perdu est remplacé contre dix euros."])))
    said = provision(dupont.operator, "ingest", "dupont", str(scan))
    assert said.status == 0, said.document


def test_the_process_answers_on_the_loopback_port_of_the_host_only(machine: Machine, inside: Inside) -> None:
    listening = machine.run("ss", "--listening", "--tcp", "--numeric", "--no-header")
    assert [line.split()[3] for line in listening.splitlines() if ":5001" in line] == ["127.0.0.1:5001"]


def test_after_a_boot_the_first_request_starts_the_client(machine: Machine, dupont: Client) -> None:
    """What a boot does is start the target; the port is open before the process is there."""
    done(dupont.operator, "host", "stop")
    machine.run("systemctl", "start", "tenantry.target")
    assert machine.show(SERVICE, "ActiveState")["ActiveState"] == "inactive"
    (row,) = (row for row in done(dupont.operator, "list") if row["id"] == "dupont")
    assert row["state"] == "asleep"
    assert ask(dupont.operator, dupont.host, "/readyz").status == 200
    done(dupont.operator, "host", "init")


def test_settings_that_are_refused_are_not_tried_again_and_again(machine: Machine, dupont: Client) -> None:
    env = machine.path("/var/www/client-dupont/.env")
    written = env.read_text()
    env.write_text(written.replace("SECRET_KEY=", "SECRET_KEY_GONE="))
    try:
        assert provision(dupont.operator, "restart", "dupont").status == 1
        assert machine.show(SERVICE, "ExecMainStatus")["ExecMainStatus"] == "78"
    finally:
        env.write_text(written)
    # The same command again leaves nothing of the one that failed.
    done(dupont.operator, "restart", "dupont")
    assert ask(dupont.operator, dupont.host, "/readyz").status == 200
    found = provision(dupont.operator, "doctor").document
    assert not [one for one in found if "restart dupont" in one["problem"]]


def test_a_foreign_broken_nginx_file_is_named_and_stops_nobody(machine: Machine, dupont: Client) -> None:
    foreign = Path("/etc/nginx/conf.d/theirs.conf")
    machine.path(foreign).write_text("nonsense;\n")
    try:
        refused = provision(dupont.operator, "new", "leroy", "--plan", "starter")
        assert refused.status == 1
        assert str(foreign) in refused.messages
        assert ask(dupont.operator, dupont.host, "/readyz").status == 200
    finally:
        machine.path(foreign).unlink()
    assert not machine.path("/etc/nginx/tenantry/sites/leroy.conf").exists()
    assert not machine.path("/var/www/client-leroy").exists()


def test_nothing_of_a_purged_client_is_left_on_the_host(machine: Machine, operator: SystemdOperator) -> None:
    done(operator, "new", "petit", "--plan", "starter")
    done(operator, "remove", "petit")
    done(operator, "purge", "petit", "--yes")
    own = ("/etc/systemd", "/etc/nginx", "/etc/tenantry", "/var/www", "/var/lib/tenantry-egress")
    places = (*own, "/run", "/etc/passwd", "/etc/group")
    found = machine.attempt("grep", "--recursive", "--files-with-matches", "--devices=skip", "petit", *places)
    certified = {
        line for line in found.stdout.decode().split() if line.startswith("/var/www/erasures/petit-")
    }
    assert set(found.stdout.decode().split()) == {"/var/www/registry.sqlite3", *certified}
    assert set(machine.run("find", *places, "-name", "*petit*").split()) == certified


def test_quoted_values_are_what_systemd_itself_hands_over(machine: Machine) -> None:
    """Words of a command, of Environment= and of an EnvironmentFile= written like a client's `.env`."""
    words = {f"WORD_{number}": text for number, text in enumerate(HOSTILE_TEXTS)}
    lines = {f"LINE_{number}": text for number, text in enumerate(HOSTILE_TEXTS)}
    environment = " ".join(quoting.systemd(f"{key}={text}") for key, text in words.items())
    command = quoting.systemd_command(["/usr/bin/printf", "%s\\0", *HOSTILE_TEXTS])
    machine.path("/run/words.env").write_text(
        "".join(f"{key}={quoting.dotenv(text)}\n" for key, text in lines.items())
    )
    machine.path("/run/systemd/system").mkdir(exist_ok=True)
    machine.path("/run/systemd/system/words.service").write_text(
        "[Service]\nType=oneshot\nStandardOutput=append:/run/words\n"
        f"Environment={environment}\nEnvironmentFile=/run/words.env\n"
        f"ExecStart={command}\n"
        "ExecStart=/usr/bin/env --null\n"
    )
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "words.service")
    printed = machine.path("/run/words").read_text().rstrip("\0").split("\0")
    assert printed[: len(HOSTILE_TEXTS)] == list(HOSTILE_TEXTS)
    variables = dict(entry.split("=", 1) for entry in printed[len(HOSTILE_TEXTS) :])
    assert {key: variables.get(key) for key in (*words, *lines)} == {**words, **lines}


def test_an_ordinary_user_is_refused_and_told_why(machine: Machine) -> None:
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    command = (PYTHON, "-m", "provisioner", "--driver", "systemd", "new", "petit", "--plan", "starter")
    refused = machine.attempt(*nobody, *command, variables={"PYTHONPATH": f"{PREFIX}/src"})
    assert refused.returncode == 2
    assert b"Permission denied" in refused.stderr
