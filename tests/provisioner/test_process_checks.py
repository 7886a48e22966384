"""`doctor` sees who else holds a client's data or port, and names the mend."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioner import open_files
from provisioner.service.process_checks import same_ports
from tests.provisioner.local_root import LocalRoot, wait_until
from tests.provisioner.restored_client import LEAVE, ServedClient

#: Opens a vector store as its own instance does, and holds it until its input ends.
HOLDER = """
import sys, chromadb
client = chromadb.PersistentClient(sys.argv[1])
client.list_collections()
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def seal(host: LocalRoot, tmp_path_factory: pytest.TempPathFactory) -> ServedClient:
    client = ServedClient.begin(host, "sealone")
    client.ingest(tmp_path_factory.mktemp("documents"), conges=LEAVE)
    wait_until(lambda: any(client.directory.glob("data/chroma/store-*/chroma.sqlite3")))
    return client


def store(client: ServedClient) -> Path:
    """The vector store in use."""
    (found,) = client.directory.glob("data/chroma/store-*")
    return found


def told(host: LocalRoot, about: str, client: str = "sealone") -> list[dict[str, str]]:
    """What `doctor` finds on a client of a kind."""
    found = host.provision("doctor").document
    return [one for one in found if one["subject"] == client and about in one["problem"]]


@contextmanager
def holding(store_directory: Path) -> Iterator[int]:
    """A second process that has the store open."""
    command = [sys.executable, "-c", HOLDER, str(store_directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "open\n"
        yield holder.pid
        holder.stdin.close()


def test_a_client_by_itself_is_found_nothing_about(seal: ServedClient) -> None:
    for words in ("owner", "held by", "listens", "port"):
        assert told(seal.host, words) == []


def test_a_second_owner_of_a_vector_store_is_named(seal: ServedClient) -> None:
    with holding(store(seal)) as pid:
        (found,) = told(seal.host, "more than one owner")
        assert f"process {pid} (python" in found["problem"]
        assert f"`kill {pid}`" in found["mend"]
    assert told(seal.host, "owner") == []


def test_an_owner_of_a_stopped_clients_data_is_named(seal: ServedClient) -> None:
    assert seal.host.provision("stop", "sealone").code == 0
    assert told(seal.host, "held by") == []
    with holding(store(seal)) as pid:
        (found,) = told(seal.host, "is stopped, and its data are still held")
        assert f"process {pid} (" in found["problem"]
        assert "`provision stop sealone`" in found["mend"]
    assert seal.host.provision("suspend", "sealone").code == 0
    with holding(store(seal)):
        (found,) = told(seal.host, "is suspended, and its data are still held")
        assert "`provision suspend sealone`" in found["mend"]
    assert seal.host.provision("resume", "sealone").code == 0


def test_somebody_else_on_a_clients_port_is_named(seal: ServedClient) -> None:
    port = seal.host.rows()["sealone"]["port"]
    assert seal.host.provision("stop", "sealone").code == 0
    assert told(seal.host, "port") == []
    with socket.create_server(("127.0.0.1", port)):
        (found,) = told(seal.host, f"Its port, {port}, is held by process {os.getpid()} (")
        assert f"`kill {os.getpid()}`" in found["mend"]
    assert seal.host.provision("start", "sealone").code == 0


def test_a_port_on_which_nobody_listens_is_told(seal: ServedClient) -> None:
    control = (sys.executable, "-m", "supervisor.supervisorctl")
    where = ("-c", str(seal.host.path / "run" / "supervisord.conf"))
    subprocess.run([*control, *where, "stop", "tenant-sealone"], check=True, capture_output=True)
    (found,) = told(seal.host, "Nobody listens")
    assert found["mend"] == "`provision start sealone` opens it."
    assert seal.host.provision("start", "sealone").code == 0
    assert told(seal.host, "Nobody listens") == []


def test_two_clients_set_to_one_port_are_told(seal: ServedClient) -> None:
    assert seal.host.new("sealtwo").code == 0
    ports = {name: seal.host.rows()[name]["port"] for name in ("sealone", "sealtwo")}
    env = seal.host.path / "client-sealtwo" / ".env"
    written = env.read_text()
    env.write_text(written.replace(f'PORT="{ports["sealtwo"]}"', f'PORT="{ports["sealone"]}"'))
    assert env.read_text() != written
    (found,) = told(seal.host, "same port")
    assert found["problem"] == f"sealone and sealtwo are set to the same port, {ports['sealone']}."
    assert seal.host.provision("apply", "sealtwo", "--reset").code == 0
    assert told(seal.host, "same port") == []
    assert seal.host.provision("purge", "sealtwo", "--yes").code == 0


def test_ports_are_compared_pair_by_pair() -> None:
    assert list(same_ports({"a": [1, 2], "b": [3], "c": []})) == []
    assert [one.subject for one in same_ports({"b": [1], "a": [2, 1], "c": [2]})] == ["a", "a"]


def test_a_process_with_its_children_counts_once() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert open_files.heads({os.getpid(), child.pid}) == {os.getpid()}
        assert open_files.heads({child.pid}) == {child.pid}
        child.communicate(b"\n")


def test_a_file_is_found_by_whoever_has_it_open(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    one = open_files.file_id(file)
    assert one is not None
    assert open_files.holders([one]) == {}
    with file.open():
        assert open_files.holders([one]) == {one: {os.getpid()}}
    assert open_files.file_id(tmp_path / "none") is None
