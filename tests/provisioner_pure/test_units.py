"""The shipped units are valid and shut their processes in, as systemd itself judges them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from provisioner import render
from provisioner.drivers.systemd_places import TEMPLATES
from provisioner.render import UnitProgram
from provisioner.resources import shipped
from tests.provisioner_pure.samples import host, spec

SERVICES = (
    *("tenant@dupont.service", "tenantry-embeddings.service"),
    *("tenantry-egress.service", "tenantry-admin.service"),
)
TIMED = (
    *("tenantry-renewal.service", "tenantry-mail.service"),
    *("tenantry-alerts.service", "tenantry-observation.service"),
)
TIMERS = tuple(name.replace(".service", ".timer") for name in TIMED)
ACTIONS = "tenantry-actions.service"
OTHERS = (
    *("tenant@dupont.socket", "tenantry-admin.socket", "tenantry.slice", "tenantry.target"),
    *(*TIMED, *TIMERS, ACTIONS, "tenantry-actions.socket"),
)


def program(module: str) -> UnitProgram:
    return UnitProgram(("/usr/bin/env", "-m", module), {"PYTHONPATH": "/opt/tenantry"})


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of units as the systemd driver installs them."""
    folder = tmp_path_factory.mktemp("units")
    for name in (*TEMPLATES, *TIMERS):
        shutil.copy(shipped("systemd", name), folder)
    layout = host().layout
    rendered = {
        "tenant@dupont.socket.d/tenantry.conf": render.socket_drop_in(spec()),
        "tenant@dupont.service.d/tenantry.conf": render.service_drop_in(
            spec(), layout, program("tenant_app"), "tenantry-embed", Path("/var/lib/tenantry-egress/dupont")
        ),
        "tenantry-embeddings.service": render.embeddings_unit(program("embedding_server"), "tenantry-embed"),
        "tenantry-egress.service": render.egress_unit(
            layout, program("egress"), "tenantry-egress", Path("/var/lib/tenantry-egress")
        ),
        "tenantry-admin.service": render.admin_unit(
            host(), program("provisioner"), "tenantry-admin", "tenantry-read"
        ),
        **{name: render.timed_unit(name, layout, program("provisioner")) for name in TIMED},
        ACTIONS: render.actions_unit(program("provisioner")),
        "tenantry-actions.socket": render.actions_socket(
            Path("/run/tenantry-actions.sock"), "tenantry-admin"
        ),
        "tenantry-admin.socket": render.admin_socket(Path("/run/tenantry-admin.sock"), "www-data"),
    }
    for name, text in rendered.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return folder


def analyze(units: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = {"SYSTEMD_UNIT_PATH": f"{units}:/usr/lib/systemd/system:/lib/systemd/system"}
    return subprocess.run(
        ["systemd-analyze", *words],
        env={**os.environ, **path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("unit", [*SERVICES, *OTHERS])
def test_systemd_finds_nothing_wrong(units: Path, unit: str) -> None:
    found = analyze(units, "verify", "--man=no", unit)
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize(
    ("unit", "tenths"),
    # The timed ones are root and reach the network; two change nginx's files, one reads clients' outboxes.
    # ACTIONS does all that `provision` does: it makes users, writes units, and becomes each client's user.
    [
        ("tenant@dupont.service", 5),
        *((service, 15) for service in SERVICES[1:]),
        *((service, 30) for service in TIMED),
        (ACTIONS, 50),
    ],
)
def test_exposure_stays_under_the_gate(units: Path, unit: str, tenths: int) -> None:
    found = analyze(units, "security", "--offline=true", f"--threshold={tenths}", "--no-pager", unit)
    assert found.returncode == 0, found.stdout


def test_a_looser_unit_would_be_noticed(units: Path, tmp_path: Path) -> None:
    shutil.copytree(units, tmp_path, dirs_exist_ok=True)
    (tmp_path / "tenant@dupont.service.d" / "zz.conf").write_text(
        "[Service]\nProtectSystem=no\nPrivateNetwork=no\n"
    )
    found = analyze(tmp_path, "security", "--offline=true", "--threshold=5", "--no-pager", SERVICES[0])
    assert found.returncode != 0
