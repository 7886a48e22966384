"""Serves one instance with gunicorn: one worker, never two, because the vector store bears one process."""

import logging
import os
import signal
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from tenant_app.ending_with_parent import end_with_parent
from tenant_app.idleness import Requests, Sleep
from tenant_app.memory import return_memory_early
from tenant_app.settings import Settings

if TYPE_CHECKING:
    from tenant_app.services import Services

STOP_SECONDS = 30
"""How long open requests may take to end once the instance is told to stop."""
_CLOSE_SECONDS = 5
"""The part of it kept for putting down the background work."""
_STUCK_SECONDS = 60


class JsonLogger(Logger):
    """Sends gunicorn's own messages where all the others go."""

    def setup(self, cfg: Any) -> None:
        """Use the root logger's handler instead of gunicorn's format."""
        self.cfg = cfg
        self.loglevel = logging.INFO
        self._access_log_enabled = False
        self.error_log.setLevel(self.loglevel)
        self.error_log.propagate = True


class OneWorkerArbiter(Arbiter):
    """gunicorn's master without the signals that would run two workers side by side."""

    def handle_hup(self) -> None:
        """Refuse to reload: the new worker would start before the old one has stopped."""
        self.log.warning("SIGHUP ignored: stop this instance, then start it")

    def handle_ttin(self) -> None:
        """Refuse a second worker."""
        self.log.warning("SIGTTIN ignored: an instance has exactly one worker")

    def handle_usr2(self) -> None:
        """Refuse a second master."""
        self.log.warning("SIGUSR2 ignored: stop this instance, then start it")


class TenantServer(BaseApplication):
    """The gunicorn application of one instance."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._services: Services | None = None
        self._sleep: Sleep | None = None
        self._at_once = False
        super().__init__()

    def load_config(self) -> None:
        """Set what is fixed for every instance, and its port and threads.

        Under systemd (LISTEN_FDS) gunicorn serves the inherited socket and ``bind`` is not used.
        """
        for name, value in {
            "bind": f"127.0.0.1:{self._settings.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": self._settings.threads,
            "timeout": _STUCK_SECONDS,
            "graceful_timeout": STOP_SECONDS,
            "control_socket_disable": True,
            "logger_class": JsonLogger,
            # Only ProxyFix decides what is believed of the hop in front.
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            "secure_scheme_headers": {},
            "proc_name": f"tenantry-{self._settings.client_id}",
            "post_fork": _prepare_worker,
            "post_worker_init": self._start_background,
            "worker_int": self._cut_off,
            "worker_exit": self._close,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Build the application, in the worker only: the master stays small."""
        from tenant_app.api.context import EXTENSION  # noqa: PLC0415 - not into the master's memory
        from tenant_app.factory import create_app  # noqa: PLC0415 - the same

        app = create_app(self._settings)
        services: Services = app.extensions[EXTENSION]
        requests = Requests(app)
        minutes = self._settings.sleep_after_minutes
        self._services = services
        self._sleep = Sleep(
            None if minutes is None else minutes * 60,
            quiet_seconds=requests.quiet_seconds,
            working=services.working,
            end=lambda: os.kill(os.getppid(), signal.SIGTERM),
        )
        return requests

    def run(self) -> None:
        """Serve until told to stop."""
        OneWorkerArbiter(self).run()

    def _start_background(self, _worker: Any) -> None:
        assert self._services is not None
        assert self._sleep is not None
        self._services.start()
        self._sleep.start()

    def _cut_off(self, _worker: Any) -> None:
        """Note that SIGQUIT came: what is being answered is not waited for."""
        self._at_once = True

    def _close(self, _arbiter: Any, _worker: Any) -> None:
        # A worker that failed to load has nothing to close.
        if self._services is not None and self._sleep is not None:
            self._sleep.stop()
            self._services.close()
        if self._at_once:
            logging.shutdown()
            os._exit(0)  # the interpreter itself would wait for the threads that still answer


def _prepare_worker(_arbiter: Any, worker: Any) -> None:
    # One left by a master that was killed would keep the port and the data from the next start.
    end_with_parent()
    return_memory_early()
    # The master kills at STOP_SECONDS; the worker stops waiting for open requests before that.
    worker.cfg.set("graceful_timeout", STOP_SECONDS - _CLOSE_SECONDS)
