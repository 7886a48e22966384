"""Many instances are asked at once; a slow or odd one holds nobody up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioner.errors import PortUnavailable
from provisioner.host import HostSettings, PortRange
from provisioner.service import health, ports
from provisioner.service.health import Health, ask_all
from tests.provisioner.local_root import free_ports


@contextmanager
def answering(*parts: bytes) -> Iterator[int]:
    """Listen on a port and answer each visitor with these bytes, part by part."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    visitor, _ = listener.accept()
                except OSError:
                    return
                with visitor:
                    visitor.recv(1000)
                    for part in parts:
                        visitor.sendall(part)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((b"HTTP/1.1 200 OK\r\n\r\n",), Health.OK),
        ((b"HTTP/1.1 ", b"200 OK\r\n\r\n"), Health.OK),
        ((b"HTTP/1.1 503 Service Unavailable\r\n\r\n",), Health.DEGRADED),
        ((b"nonsense",), Health.DEGRADED),
        ((), Health.DEGRADED),
    ],
)
def test_an_instance_is_what_it_answers(parts: tuple[bytes, ...], expected: Health) -> None:
    with answering(*parts) as port:
        assert ask_all({"dupont": (port, "dupont.localhost")}) == {"dupont": expected}


def test_where_nobody_listens_it_is_down() -> None:
    assert ask_all({"dupont": (free_ports(1), "dupont.localhost")}) == {"dupont": Health.DOWN}


def test_who_does_not_answer_in_time_is_degraded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert ask_all({"dupont": (port, "dupont.localhost")}) == {"dupont": Health.DEGRADED}


def test_hundreds_are_asked_in_batches() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        found = ask_all({f"t{number}": (port, "t.localhost") for number in range(450)})
    assert len(found) == 450
    assert set(found.values()) == {Health.OK}


def test_nobody_is_asked_when_there_is_nobody() -> None:
    assert ask_all({}) == {}


def host(first: int, last: int) -> HostSettings:
    return HostSettings(root=Path("/srv"), port_range=PortRange(first=first, last=last))


def test_the_first_port_that_is_neither_booked_nor_used_is_chosen() -> None:
    first = free_ports(4)
    settings = host(first, first + 3)
    with socket.create_server(("127.0.0.1", first + 1)):
        assert ports.choose(None, {first: "martin"}, settings) == first + 2


def test_a_full_range_is_told() -> None:
    first = free_ports(2)
    with pytest.raises(PortUnavailable, match="No port of"):
        ports.choose(None, {first: "a", first + 1: "b"}, host(first, first + 1))
