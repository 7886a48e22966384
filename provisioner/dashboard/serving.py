"""Serves the dashboard with gunicorn: one process, a few threads, no root needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication

from provisioner.dashboard.app import create_app
from provisioner.dashboard.observing import observe_always
from provisioner.service.context import Context

THREADS: Final = 4


class DashboardServer(BaseApplication):
    """gunicorn, told everything in code."""

    def __init__(self, app: Flask, bind: str, begin: Callable[[], None]) -> None:
        """`begin` is called in the process that answers, once."""
        self._app = app
        self._bind = bind
        self._begin = begin
        super().__init__()

    def load_config(self) -> None:
        """Set what gunicorn asks for; command line and configuration files are not read."""
        options: dict[str, Any] = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "control_socket_disable": True,
            "proc_name": "tenantry-dashboard",
            "post_worker_init": lambda _worker: self._begin(),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application to serve."""
        return self._app


def serve(context: Context, bind: str, observe_every: float | None = None) -> None:
    """Serve the dashboard of the context's root until told to stop.

    ``bind`` is ``127.0.0.1:8090`` or ``unix:/path``; a socket systemd hands over comes first. With
    ``observe_every`` seconds, it notes how clients answer for as long as it serves.

    Raises InvalidConfiguration for a bad host.yaml and OSError when ``<root>/admin`` cannot be opened.
    """

    def begin() -> None:
        if observe_every is not None:
            observe_always(context, observe_every)

    DashboardServer(create_app(context), bind, begin).run()
