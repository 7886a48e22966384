"""A command over all clients: one that fails is undone and told of, and keeps nobody else waiting."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.drivers.supervisor import Supervisor
from provisioner.resources import plans_file
from tests.provisioner.local_root import LocalRoot, wait_until

FIRST, SECOND = "aegean", "baltic"


@pytest.fixture(scope="module")
def seas(host: LocalRoot) -> Iterator[LocalRoot]:
    for name in (FIRST, SECOND):
        created = host.new(name)
        assert created.code == 0, created.said
    yield host
    for name in (FIRST, SECOND):
        assert host.provision("purge", name, "--yes").code == 0


@pytest.fixture
def changed(seas: LocalRoot) -> Iterator[None]:
    """Let the plan of both have another figure, and in the end the first again, on every client."""
    assert seas.provision("apply").code == 0
    own = seas.path / "plans.yaml"
    own.write_text(
        plans_file()
        .read_text("utf-8")
        .replace("price: 99\n    max_users: 3\n", "price: 99\n    max_users: 4\n")
    )
    yield
    own.unlink()
    assert seas.provision("apply").code == 0


def env(host: LocalRoot, tenant_id: str) -> Path:
    return host.path / f"client-{tenant_id}" / ".env"


def by_id(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in documents}


@pytest.mark.usefixtures("changed")
def test_one_that_fails_is_undone_and_the_others_are_applied_to(seas: LocalRoot) -> None:
    before = env(seas, FIRST).read_bytes()
    Supervisor(seas.path / "run" / "supervisord.sock").stop(f"tenant-{FIRST}", forget=False)
    port = seas.rows()[FIRST]["port"]
    with socket.socket() as foreign:
        # Connections that its process has just closed keep the port for a minute, but not from who says so;
        # whoever binds after us shall not get it by the same word.
        foreign.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        foreign.bind(("127.0.0.1", port))
        foreign.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        applied = seas.provision("apply")

    assert applied.code == 1, applied.said
    told = by_id(applied.document)
    assert (told[FIRST]["outcome"], told[FIRST]["files"]) == ("failed", [])
    assert f"wait until http://{FIRST}.localhost" in told[FIRST]["error"]["message"]
    assert f"{FIRST}: Could not" in applied.said
    assert env(seas, FIRST).read_bytes() == before
    assert (told[SECOND]["outcome"], told[SECOND]["error"]) == ("done", None)
    assert 'MAX_USERS="4"' in env(seas, SECOND).read_text()
    assert seas.get(SECOND) == 200


@pytest.mark.usefixtures("changed")
def test_one_whose_files_cannot_be_read_hides_nobody_else(seas: LocalRoot) -> None:
    kept = env(seas, FIRST).rename(env(seas, FIRST).with_name("kept"))
    env(seas, FIRST).mkdir()
    try:
        compared = seas.provision("diff")
        code, shown, said = seas.tell("apply")
        found = {one["subject"] for one in seas.provision("doctor").document}
    finally:
        env(seas, FIRST).rmdir()
        kept.rename(env(seas, FIRST))

    assert compared.code == 1
    told = by_id(compared.document)
    assert (told[FIRST]["path"], told[FIRST]["change"]) == (None, "unknown")
    assert str(env(seas, FIRST)) in told[FIRST]["error"]["message"]
    assert told[SECOND]["change"] == "updated"
    assert code == 1
    assert f"failed       {FIRST}\n" in shown
    assert f"updated      {env(seas, SECOND)}" in shown
    assert f"{FIRST}: The system refused" in said
    assert FIRST in found


@pytest.mark.usefixtures("changed")
def test_stopped_by_a_signal_it_undoes_one_and_begins_no_other(seas: LocalRoot) -> None:
    before = env(seas, FIRST).read_bytes()
    applying = seas.spawn("apply")
    wait_until(lambda: env(seas, FIRST).read_bytes() != before)
    applying.send_signal(signal.SIGTERM)
    shown, said = applying.communicate()

    assert applying.returncode == 1, said
    told = by_id(json.loads(shown))
    assert "SIGTERM came" in told[FIRST]["error"]["message"]
    assert env(seas, FIRST).read_bytes() == before
    assert told[SECOND] == {"id": SECOND, "outcome": "not-begun", "files": [], "error": None}
    # Undoing starts it again; the command does not wait for what it no longer promises.
    wait_until(lambda: seas.get(FIRST) == 200)
