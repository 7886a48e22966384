"""A site that is not the tenant's: one server, which browsers know as two origins by its two names."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class OtherSite:
    """The client's own page, on the tenant's machine but another port; and a stranger's."""

    port: int

    @property
    def allowed(self) -> str:
        """Return the origin that the tenant's settings name: of its own site, so cookies go along."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def stranger(self) -> str:
        """Return an origin that they do not name."""
        return f"http://localhost:{self.port}"


class _EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer any address with an empty page."""
        page = b"<!doctype html><title>Elsewhere</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def other_site() -> Iterator[OtherSite]:
    """Serve it until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _EmptyPage)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield OtherSite(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
