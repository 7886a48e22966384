"""A small Debian (or Ubuntu) with systemd and nginx, built once and kept outside the repository."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from filelock import FileLock

_PACKAGES: Final = (
    *("systemd", "systemd-sysv", "dbus", "iproute2", "procps", "strace", "python3", "ca-certificates"),
    *("nginx-light", "curl", "logrotate", "tesseract-ocr", "tesseract-ocr-fra"),
    # Let's Encrypt's own client, and its ACME server for tests.
    *("certbot", "pebble"),
)
_RECIPE: Final = 2
"""Raised when what is built changes otherwise than by its packages."""


def debian_root() -> Path:
    """Return the folder of the root, building it (some 20 s) when this recipe has never been built here."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tenantry"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"systemd-root-{_fingerprint()}"
    with FileLock(cache / "systemd-root.lock"):
        if not folder.exists():
            _build(folder)
    _check_python(folder)
    return folder


def _fingerprint() -> str:
    recipe = json.dumps([_RECIPE, _suite(), _PACKAGES])
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


def _suite() -> str:
    """This machine's own release: its Python is the one the virtual environment was made for."""
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line
    )
    return release["VERSION_CODENAME"].strip('"')


def _build(folder: Path) -> None:
    """Build beside the final place and move there, so that an interrupted build is never taken for whole."""
    beginning = folder.with_suffix(".building")
    if beginning.exists():
        shutil.rmtree(beginning)
    options = (f"--aptopt={line}" for line in _apt_settings())
    subprocess.run(
        [
            *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(_PACKAGES)}", *options),
            *(_suite(), str(beginning), *_apt_sources()),
        ],
        check=True,
    )
    beginning.rename(folder)


def _apt_settings() -> list[str]:
    """How this machine fetches packages: proxies, certificates, retries."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    wanted = ("Acquire::http", "Acquire::https", "Acquire::Retries", "Acquire::Check-Valid-Until")
    return [line for line in dump.splitlines() if line.startswith(wanted)]


def _apt_sources() -> list[str]:
    """Where this machine's own release comes from: the distribution's sources, nobody else's."""
    places = ("sources.list.d/debian.sources", "sources.list.d/ubuntu.sources", "sources.list")
    for place in (Path("/etc/apt", place) for place in places):
        if place.is_file() and place.read_text().strip():
            return [str(place)]
    return []


def _check_python(folder: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if not (folder / "usr" / "bin" / version).exists():
        raise RuntimeError(
            f"These tests run the virtual environment's packages inside {_suite()}, whose own Python is not "
            f"{version}. Make the virtual environment with this distribution's python3."
        )
