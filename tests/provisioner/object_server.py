"""A server that speaks S3 on a socket of its own, and a proxy before it that spoils what passes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import obstore
from obstore.store import S3Store

from tests.provisioner.local_root import free_ports, wait_until

BUCKET = "off-site-backups"
SECRET = "never-to-be-shown-4711"


@dataclass(frozen=True)
class ObjectServer:
    """Where it listens; what is in its one bucket."""

    endpoint: str

    def get(self, key: str) -> bytes:
        """The bytes of an object."""
        return bytes(obstore.get(self._bucket, key).bytes())

    def put(self, key: str, content: bytes) -> None:
        """Have other bytes in an object."""
        obstore.put(self._bucket, key, content)

    def tag(self, key: str) -> str:
        """The object's entity tag; one that came in parts ends in their number."""
        return str(obstore.head(self._bucket, key)["e_tag"]).strip('"')

    def names(self) -> list[str]:
        """The names of all objects."""
        return [one["path"] for batch in obstore.list(self._bucket) for one in batch]

    @property
    def _bucket(self) -> S3Store:
        return S3Store(
            BUCKET,
            endpoint=self.endpoint,
            region="fr-par",
            access_key_id="ours",
            secret_access_key=SECRET,
            client_options={"allow_http": True},
        )


@contextmanager
def object_server(log: Path) -> Iterator[ObjectServer]:
    """Run one for a `with` block."""
    port = free_ports(1)
    server = ObjectServer(f"http://127.0.0.1:{port}")
    with log.open("wb") as said:
        running = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=said,
            stderr=said,
        )
    try:
        wait_until(lambda: _has_bucket(server))
        yield server
    finally:
        running.terminate()
        running.wait()


def _has_bucket(server: ObjectServer) -> bool:
    try:
        return httpx.put(f"{server.endpoint}/{BUCKET}").status_code == 200
    except httpx.TransportError:
        return False


def credentials(file: Path) -> Path:
    """A file with the keys, as the AWS tools write it."""
    file.write_text(f"[default]\naws_access_key_id = ours\naws_secret_access_key = {SECRET}\n")
    file.chmod(0o600)
    return file


@contextmanager
def spoiling_proxy(server: ObjectServer) -> Iterator[ObjectServer]:
    """Pass everything on for a `with` block, but with one byte turned in each archive that goes up."""

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.command == "PUT" and len(content) > 200:
                content = content[:100] + bytes([content[100] ^ 1]) + content[101:]
            dropped = ("host", "x-amz-checksum-sha256")
            headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
            answer = httpx.request(
                self.command, server.endpoint + self.path, headers=headers, content=content, timeout=30
            )
            self.send_response(answer.status_code)
            for name in ("ETag", "Last-Modified", "Content-Type", "Content-Range"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            length = answer.headers["Content-Length"] if self.command == "HEAD" else str(len(answer.content))
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on  # noqa: N815 - http.server's names

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield ObjectServer(f"http://127.0.0.1:{proxy.server_address[1]}")
        proxy.shutdown()
