"""What happens when the supervisor itself is killed, and when its port is taken."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.provisioner.local_root import LocalRoot, wait_until


def pid_in(path: Path) -> int:
    return int(path.read_text())


def test_orphans_of_a_killed_supervisor_are_ended_and_everything_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = LocalRoot.begin(tmp_path_factory.mktemp("killed"))
    try:
        assert root.new("alfa").code == 0
        assert root.new("bravo").code == 0
        assert root.provision("stop", "bravo").code == 0
        nginx = pid_in(root.path / "run" / "nginx" / "nginx.pid")
        os.kill(pid_in(root.path / "run" / "supervisord.pid"), signal.SIGKILL)
        assert root.provision("doctor").code == 3
        assert root.rows()["alfa"]["state"] == "failed"
        begun = root.provision("host", "init")
        assert begun.code == 0, begun.said
        assert pid_in(root.path / "run" / "nginx" / "nginx.pid") != nginx
        assert root.provision("start", "alfa").code == 0
        assert root.get("alfa") == 200
        assert root.rows()["bravo"]["state"] == "stopped"
        assert root.get("bravo") == 503
    finally:
        assert root.provision("host", "stop").code == 0
    assert root.get("alfa") == 0


def test_a_client_whose_supervisor_was_killed_is_really_stopped_and_its_neighbour_is_not(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = LocalRoot.begin(tmp_path_factory.mktemp("orphans"))
    try:
        ports = {name: root.new(name).document["port"] for name in ("alfa", "bravo", "charlie")}
        os.kill(pid_in(root.path / "run" / "supervisord.pid"), signal.SIGKILL)
        assert root.get("alfa") == 200
        stopped = root.provision("stop", "alfa")
        assert stopped.code == 0, stopped.said
        assert not listens(ports["alfa"])
        assert root.get("alfa") == 503
        removed = root.provision("remove", "bravo")
        assert removed.code == 0, removed.said
        assert not listens(ports["bravo"])
        wait_until(lambda: root.get("bravo") == 0)
        assert root.get("charlie") == 200
        found = {one["subject"]: one for one in root.provision("doctor").document}
        assert "still serve" in found["supervisord"]["problem"]
        changed = root.provision("set", "charlie", "phone=0102030405")
        assert changed.code == 0, changed.said
        assert root.rows()["charlie"]["state"] == "running"
        assert "supervisord" not in {one["subject"] for one in root.provision("doctor").document}
    finally:
        assert root.provision("host", "stop").code == 0


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_taken_http_port_is_told_and_nothing_pretends_to_run(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = LocalRoot.begin(tmp_path_factory.mktemp("taken"))
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", root.http_port))
        foreign.listen()
        failed = root.new("alfa")
    try:
        assert failed.code == 1
        assert "Address already in use" in failed.document["error"]["message"]
        assert root.rows() == {}
        assert root.new("alfa").code == 0
        assert root.get("alfa") == 200
    finally:
        root.provision("host", "stop")
