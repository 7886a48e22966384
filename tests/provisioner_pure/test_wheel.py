"""The built package carries its templates, units and plans, and renders from them."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

RENDER = """
from provisioner import resources
from provisioner.plans import load_catalogue
from provisioner.render import render
assert "_data" in str(resources.plans_file()), resources.plans_file()
assert load_catalogue(resources.plans_file()).plan("business").price_cents == 29900
print(render("systemd/tenant.socket.conf.j2", port=5001))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as unpacked where nothing of the repository is."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(REPOSITORY),
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


@pytest.mark.parametrize("folder", ["templates", "nginx", "systemd"])
def test_every_shipped_file_is_inside(installed: Path, folder: str) -> None:
    shipped = {file.relative_to(REPOSITORY) for file in (REPOSITORY / folder).rglob("*") if file.is_file()}
    data = installed / "provisioner" / "_data"
    assert {file.relative_to(data) for file in (data / folder).rglob("*") if file.is_file()} == shipped


def test_an_installed_package_renders_from_its_own_files(installed: Path) -> None:
    command = [sys.executable, "-c", RENDER]
    rendered = subprocess.run(
        command, cwd=installed, env={"PYTHONPATH": str(installed)}, check=True, capture_output=True, text=True
    )
    assert "ListenStream=127.0.0.1:5001" in rendered.stdout
