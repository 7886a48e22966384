"""How our own programs are started again is the same, however the command was called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from provisioner import installation


@pytest.mark.parametrize("name", ["python", "python3"])
def test_the_interpreter_has_one_name(name: str) -> None:
    """Otherwise `python -m provisioner diff` after `provision new` would find every program changed."""
    called_as = Path(sys.executable).with_name(name)
    program = "from provisioner import installation; print(installation.PYTHON)"
    done = subprocess.run(
        [called_as, "-c", program], cwd=installation.CODE, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == installation.PYTHON
