"""The socket: reachable by its group only, never taken from a living server, taken from a dead one."""

from __future__ import annotations

import grp
import os
import socket
import stat
from pathlib import Path

import pytest

from embedding_server.errors import ConfigurationError, SocketInUse
from embedding_server.socket_file import listening_socket


def test_only_owner_and_group_may_connect_and_the_socket_goes_away_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    with listening_socket(path, grp.getgrgid(os.getgid()).gr_name):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert path.stat().st_gid == os.getgid()
    assert not path.exists()


def test_the_process_umask_is_left_as_it_was(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with listening_socket(tmp_path / "e.sock", None):
            assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)


def test_the_socket_of_a_killed_server_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with listening_socket(path, None), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a_second_server_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    with (
        listening_socket(path, None),
        pytest.raises(SocketInUse, match="stop it first"),
        listening_socket(path, None),
    ):
        pass


def test_a_socket_someone_else_listens_on_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(SocketInUse, match="Another process listens"), listening_socket(path, None):
            pass
        assert path.exists()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    path.write_text("precious")
    with pytest.raises(ConfigurationError, match="not a socket"), listening_socket(path, None):
        pass
    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "message"), [("missing/e.sock", "must exist"), ("x" * 120 + ".sock", "Cannot listen")]
)
def test_a_place_that_cannot_be_used_is_named(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message), listening_socket(tmp_path / name, None):
        pass


def test_an_unknown_group_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="no group 'nobody-here'"),
        listening_socket(tmp_path / "e.sock", "nobody-here"),
    ):
        pass
