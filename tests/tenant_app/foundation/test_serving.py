"""An instance served as in production: one worker, drained when stopped, small, and hard to start wrongly."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.tenant_app.assistant.conftest import simulated
from tests.tenant_app.environment import SECRET_KEY
from tests.tenant_app.instance import ADMIN, ADMIN_PASSWORD, API_KEY, Instance, Served, make_instance
from tests.tenant_app.waiting import wait_until

HEAVY_LIBRARIES = ("torch", "chromadb", "onnxruntime", "numpy", "jiter", "tokenizers")
LISTEN_ON_FD_3 = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.executable, [sys.executable, "-m", "tenant_app", "serve"])
"""


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    instance = make_instance(tmp_path_factory.mktemp("served"))
    instance.init()
    return instance


@pytest.fixture(scope="module")
def served(instance: Instance) -> Iterator[Served]:
    """Return one running instance, for the tests that leave it running."""
    with instance.serving() as served:
        yield served


def mapped_files(pid: int) -> set[str]:
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {line.split(maxsplit=5)[5] for line in lines if line.count(" ") >= 5 and ".so" in line}


def log_in(served: Served) -> httpx.Response:
    return httpx.post(f"{served.url}/api/auth/login", json={"email": ADMIN, "password": ADMIN_PASSWORD})


def test_a_page_is_served_without_any_heavy_library(served: Served) -> None:
    assert httpx.get(f"{served.url}/login").status_code == 200
    (worker,) = served.workers()
    for pid in (worker, served.process.pid):
        loaded = mapped_files(pid)
        assert loaded
        assert [path for path in loaded if any(f"/{name}" in path for name in HEAVY_LIBRARIES)] == []


def test_the_first_admin_signs_in(served: Served) -> None:
    assert httpx.get(f"{served.url}/healthz").json() == {"status": "ok"}
    assert log_in(served).status_code == 200


def test_signals_that_would_make_a_second_worker_are_refused(served: Served) -> None:
    """Two processes on one vector store would damage it."""
    before = served.workers()
    for number in (signal.SIGHUP, signal.SIGTTIN, signal.SIGUSR2):
        served.process.send_signal(number)
    wanted = ("SIGHUP ignored", "SIGTTIN ignored", "SIGUSR2 ignored")
    while not all(words in served.log.read_text() for words in wanted):
        assert httpx.get(f"{served.url}/healthz").status_code == 200
    assert served.workers() == before
    assert len(before) == 1


def test_a_second_start_is_refused(instance: Instance, served: Served) -> None:
    status, message = instance.refused()
    assert status == 1
    assert f"in use by process {served.process.pid}" in message
    assert httpx.get(f"{served.url}/healthz").status_code == 200


def test_no_control_socket_is_opened(served: Served) -> None:
    assert httpx.get(f"{served.url}/healthz").status_code == 200
    assert "gunicorn" not in Path("/proc/net/unix").read_text()


def test_what_the_hop_in_front_may_not_say_is_not_believed(served: Served) -> None:
    headers = {"SCRIPT_NAME": "/api", "X-Forwarded-Prefix": "/api", "PATH_INFO": "/api/me"}
    assert httpx.get(f"{served.url}/healthz", headers=headers).status_code == 200
    other_host = httpx.get(f"{served.url}/login", headers={"X-Forwarded-Host": "evil.test"})
    assert other_host.status_code == 200
    assert "evil.test" not in other_host.text


def test_a_killed_worker_is_replaced(served: Served) -> None:
    (worker,) = served.workers()
    os.kill(worker, signal.SIGKILL)
    while served.workers() in ([], [worker]):
        assert served.process.poll() is None
    served.wait_until_ready()
    assert len(served.workers()) == 1


def test_a_stopped_instance_ends_well(served: Served) -> None:
    assert served.stop() == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{served.url}/healthz")


def test_a_killed_master_takes_its_worker_along(instance: Instance) -> None:
    """Left alone, one with a slow visitor held the data, and refused the next start, for half a minute."""
    with instance.serving() as served, socket.create_connection(("127.0.0.1", instance.port)) as visitor:
        head = "POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        visitor.sendall(f"{head}Content-Length: 9\r\n\r\n{{".encode())
        assert httpx.get(f"{served.url}/healthz").status_code == 200
        served.process.kill()
        visitor.settimeout(5)
        with suppress(ConnectionResetError):
            assert visitor.recv(1) == b""
    with instance.serving() as served:
        assert log_in(served).status_code == 200


def test_a_request_under_way_is_answered_when_the_instance_stops(instance: Instance) -> None:
    body = json.dumps({"email": ADMIN, "password": ADMIN_PASSWORD}).encode()
    head = (
        "POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with instance.serving() as served, socket.create_connection(("127.0.0.1", instance.port)) as visitor:
        visitor.sendall(head.encode() + body[:10])
        httpx.get(f"{served.url}/healthz")
        stopping = threading.Thread(target=served.stop)
        stopping.start()
        while "Handling signal: term" not in served.log.read_text():
            assert served.process.poll() is None
        visitor.sendall(body[10:])
        answer = visitor.makefile("rb").readline()
        stopping.join()
    assert answer.startswith(b"HTTP/1.1 200")


def test_the_socket_systemd_holds_is_served(instance: Instance) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.set_inheritable(True)
        with (instance.directory / "log").open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", LISTEN_ON_FD_3, str(listener.fileno())],
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()],
                env=instance.environ,
            )
        served = Served(process, url, instance.directory / "log")
        try:
            served.wait_until_ready()
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{instance.url}/healthz")
        finally:
            assert served.stop() == 0


def test_every_line_of_the_log_is_json_and_none_holds_a_secret(instance: Instance) -> None:
    with instance.serving() as served:
        token = log_in(served).json()["access_token"]
        httpx.get(f"{served.url}/api/me", headers={"Authorization": f"Bearer {token}"})
        command = Path(f"/proc/{served.process.pid}/cmdline").read_text()
        served.stop()
        lines = served.log.read_text().splitlines()
    assert all(json.loads(line)["client_id"] == "dupont" for line in lines)
    seen = command + "".join(lines)
    assert not any(secret in seen for secret in (token, SECRET_KEY, ADMIN_PASSWORD))


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"secret_key": "weak"}, "SECRET_KEY: "), ({"port": "22"}, "PORT: ")],
)
def test_refused_settings_say_one_line_and_exit_with_78(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    status, message = make_instance(tmp_path, **changes).refused()
    assert status == 78
    assert words in message
    assert len(message.splitlines()) == 1


def test_a_database_that_was_not_migrated_is_not_served(tmp_path: Path) -> None:
    status, message = make_instance(tmp_path).refused()
    assert status == 78
    assert "run `python -m tenant_app admin migrate`" in message


def test_a_port_that_is_taken_ends_the_start(tmp_path: Path) -> None:
    instance = make_instance(tmp_path)
    instance.init()
    with socket.create_server(("127.0.0.1", instance.port)):
        status, _ = instance.refused()
    assert status != 0


def test_told_to_quit_while_it_stops_it_cuts_off_what_it_is_answering(tmp_path: Path) -> None:
    key, received = {"X-API-Key": API_KEY}, list[str]()
    with simulated("stall") as provider:
        instance = make_instance(
            tmp_path / "cut",
            openai_base_url=provider.base_url,
            openai_api_key="a key",
            llm_timeout_seconds="15",
        )
        instance.init()

        def listen(url: str) -> None:
            asked = {"question": "Combien de jours de congés par an ?", "stream": True}
            try:
                answer = httpx.post(f"{url}/api/chat", headers=key, json=asked, timeout=60)
                received.append(answer.text)
            except httpx.TransportError as error:
                received.append(type(error).__name__)

        with instance.serving() as served:
            text = "Chaque salarié a droit à vingt-cinq jours de congés par an."
            added = httpx.post(f"{served.url}/api/documents", headers=key, files={"file": ("a.txt", text)})
            document = f"{served.url}/api/documents/{added.json()['id']}"
            wait_until(lambda: httpx.get(document, headers=key).json()["status"] == "indexed", "the document")
            reader = threading.Thread(target=listen, args=(served.url,))
            reader.start()
            wait_until(lambda: bool(provider.requests), "the model to be asked")
            served.process.send_signal(signal.SIGTERM)
            served.process.send_signal(signal.SIGQUIT)
            assert served.process.wait(timeout=40) == 0
            reader.join(timeout=40)
    assert received == ["RemoteProtocolError"]
    with instance.serving() as served:
        usage = httpx.get(f"{served.url}/api/billing/usage", headers=key).json()["usage"]
        assert usage["requests_used"] == 0
