"""The host.yaml that `host init` writes is where a mail password goes: clients cannot read it."""

from __future__ import annotations

import stat
from pathlib import Path

from provisioner.filesystem import write_file
from provisioner.host import HostSettings
from provisioner.service.host import settings_steps
from provisioner.steps import CreateGroup, WriteFile


def test_where_all_is_one_user_only_that_user_reads_it(tmp_path: Path) -> None:
    (step,) = settings_steps(HostSettings(root=tmp_path), None)
    assert isinstance(step, WriteFile)
    write_file(step.file)
    assert stat.S_IMODE((tmp_path / "host.yaml").stat().st_mode) == 0o600


def test_where_the_dashboard_is_another_user_its_group_reads_it_and_nobody_else(tmp_path: Path) -> None:
    group, file = settings_steps(HostSettings(root=tmp_path), "tenantry-read")
    assert group == CreateGroup("tenantry-read")
    assert isinstance(file, WriteFile)
    assert (file.file.mode, file.file.group) == (0o640, "tenantry-read")


def test_one_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_text("http_port: 8081\n")
    assert settings_steps(HostSettings(root=tmp_path), None) == ()
