"""A machine with Tenantry installed the way an operator installs it: under /opt, in a virtual environment."""

import site
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.systemd.debian_root import debian_root
from tests.systemd.machine import Machine, booted

CODE: Final = Path(__file__).resolve().parents[2]
PREFIX: Final = "/opt/tenantry"
PYTHON: Final = f"{PREFIX}/bin/python"
_CONFIGURATION: Final = "home = /usr/bin\ninclude-system-site-packages = false\n"


@contextmanager
def tenantry_machine() -> Iterator[Machine]:
    """Boot a machine where `PYTHON -m provisioner` works and nothing is provisioned yet."""
    packages = next(Path(place) for place in site.getsitepackages())
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    binds = {packages: f"{PREFIX}/lib/{version}/site-packages", CODE: f"{PREFIX}/src"}
    with booted(debian_root(), binds, {}) as machine:
        machine.path(PREFIX).chmod(0o755)
        machine.run("mkdir", "-p", f"{PREFIX}/bin")
        machine.run("ln", "-s", "/usr/bin/python3", PYTHON)
        machine.path(f"{PREFIX}/pyvenv.cfg").write_text(_CONFIGURATION)
        machine.run("rm", "-f", "/etc/nginx/sites-enabled/default")
        yield machine
