"""The data directory has its layout, and one process at a time."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tenant_app.data_directory import DataDirectoryInUse, hold, prepare

HOLDER = """
import sys
from pathlib import Path
from tenant_app.data_directory import hold
hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_usage_directory_is_readable_by_the_group(tmp_path: Path) -> None:
    data = tmp_path / "data"
    prepare(data)
    assert {path.name: oct(mode(path)) for path in data.iterdir()} == {
        "chroma": "0o700",
        "originals": "0o700",
        "outbox": "0o700",
        "tmp": "0o700",
        "usage": "0o2750",
    }


def test_what_the_provisioner_set_is_kept(tmp_path: Path) -> None:
    (tmp_path / "usage").mkdir(mode=0o755)
    (tmp_path / "usage").chmod(0o755)
    prepare(tmp_path)
    assert mode(tmp_path / "usage") == 0o755


def test_a_second_process_is_refused_and_told_which_one_is_first(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DataDirectoryInUse, match=f"in use by process {holder.pid}"):
            hold(tmp_path)
        holder.communicate()
    os.close(hold(tmp_path))


def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
    os.close(hold(tmp_path))
