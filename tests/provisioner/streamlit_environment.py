"""A Python with what the client package asks for, and the package's interface run with it.

It is built once and kept outside the repository.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock

from tests.provisioner.local_root import free_ports, wait_until

_LOCK: Final = Path(__file__).resolve().parents[2] / "requirements" / "package.lock"


@contextmanager
def streamlit(folder: Path) -> Iterator[str]:
    """Run the interface of an extracted package as its README says; give its address for a `with` block."""
    port = free_ports(1)
    options = (f"--server.port={port}", "--server.headless=true")
    run = ("-m", "streamlit", "run", "interface-streamlit.py", *options)
    with (folder.parent / "streamlit.log").open("wb") as log:
        program = subprocess.Popen(
            [str(_python()), *run], cwd=folder, stdout=log, stderr=subprocess.STDOUT, env={"PATH": "/usr/bin"}
        )
    url = f"http://localhost:{port}"
    try:
        wait_until(lambda: program.poll() is not None or _answers(url))
        assert program.poll() is None, (folder.parent / "streamlit.log").read_text()
        yield url
    finally:
        program.terminate()
        program.wait(timeout=60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _python() -> Path:
    """Return the interpreter, installing it (a minute) when these versions have never been installed here.

    The versions are those of the package's requirements.txt; what these need in turn is held by hashes.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tenantry"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"client-package-{_fingerprint()}"
    with FileLock(cache / "client-package.lock"):
        if not (folder / "whole").exists():
            _install(folder)
    return folder / "bin" / "python"


def _fingerprint() -> str:
    return hashlib.sha256(sys.version.encode() + _LOCK.read_bytes()).hexdigest()[:12]


def _install(folder: Path) -> None:
    """An environment cannot be moved: a mark says that it is whole."""
    if folder.exists():
        shutil.rmtree(folder)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(_LOCK)], check=True)
    (folder / "whole").touch()
