"""Twenty operators at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.apply import lock
from tests.provisioner.clock import FixedClock
from tests.provisioner.local_root import LocalRoot

ANSWER = ("--plan", "starter", "--admin-email", "a@example.fr")


def test_of_many_commands_for_one_id_one_wins(host: LocalRoot) -> None:
    running = [host.spawn("new", "yankee", *ANSWER) for _ in range(4)]
    outputs = [process.communicate(timeout=150)[0] for process in running]
    assert sorted(process.returncode for process in running) == [0, 2, 2, 2]
    refused = [json.loads(out)["error"]["message"] for out in outputs if "error" in json.loads(out)]
    assert all("There already is a client 'yankee'" in message for message in refused)
    assert host.get("yankee") == 200


@pytest.mark.timeout(600)
def test_twenty_different_clients_all_get_there_each_with_its_port(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = LocalRoot.begin(tmp_path_factory.mktemp("twenty"))
    names = [f"zulu{'abcdefghijklmnopqrst'[number]}" for number in range(20)]
    running = [root.spawn("new", name, *ANSWER) for name in names]
    try:
        for process in running:
            out, said = process.communicate(timeout=580)
            assert process.returncode == 0, (out, said)
        rows = root.rows()
        assert sorted(rows) == names
        assert len({row["port"] for row in rows.values()}) == 20
        assert {row["health"] for row in rows.values()} == {"ok"}
        assert [root.get(name) for name in names] == [200] * 20
    finally:
        root.provision("host", "stop")


def test_a_held_lock_is_told_with_who_and_since_when(host: LocalRoot) -> None:
    told: list[str] = []
    with lock.held(host.path / "lock", "backup dupont", FixedClock(), wait=60, waiting=told.append):
        refused = host.provision("--lock-wait", "0.2", "host", "init")
    assert refused.code == 2
    message = refused.document["error"]["message"]
    assert "`provision backup dupont`" in message
    assert "since 2026-01-31T09:05:07Z" in message
    assert "Waiting for `provision backup dupont`" in refused.said


def test_looking_needs_no_lock(host: LocalRoot) -> None:
    with lock.held(host.path / "lock", "backup dupont", FixedClock(), wait=60, waiting=lambda _: None):
        assert host.provision("list").code == 0
        assert isinstance(host.provision("doctor").document, list)


def test_a_root_nobody_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = LocalRoot(tmp_path / "file" / "root", 1, 1).provision("host", "init")
    assert refused.code == 2
