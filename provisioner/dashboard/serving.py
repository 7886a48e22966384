"""Serves the dashboard with gunicorn: one process, a few threads, no root needed."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication

from provisioner.dashboard.app import create_app
from provisioner.service.context import Context

THREADS: Final = 4


class DashboardServer(BaseApplication):
    """gunicorn, told everything in code."""

    def __init__(self, app: Flask, bind: str) -> None:
        self._app = app
        self._bind = bind
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
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application to serve."""
        return self._app


def serve(context: Context, bind: str) -> None:
    """Serve the dashboard of the context's root until told to stop.

    ``bind`` is ``127.0.0.1:8090`` or ``unix:/path``; a socket systemd hands over comes first.

    Raises InvalidConfiguration for a bad host.yaml and OSError when ``<root>/admin`` cannot be opened.
    """
    DashboardServer(create_app(context), bind).run()
