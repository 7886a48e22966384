"""What all clients of a local root share: supervisord, nginx, the embedding server, the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from provisioner import installation
from provisioner.commands import supervisord
from provisioner.drivers.local_users import LocalUsers, mark_file
from provisioner.drivers.observation import all_made, digests
from provisioner.drivers.protocol import Finding, Observed
from provisioner.drivers.supervisor import Supervisor
from provisioner.filesystem import RenderedFile
from provisioner.host import HostSettings
from provisioner.marked_processes import MARK, find
from provisioner.render import (
    Program,
    acme_challenge,
    admin_site,
    local_nginx,
    nginx_shared,
    supervisor_program,
)
from provisioner.render import supervisord as supervisord_text
from provisioner.resources import shipped
from provisioner.steps import (
    ChangeNginx,
    EndRemaining,
    MakeDirectory,
    Run,
    SignalProgram,
    StartProgram,
    Step,
    StopProgram,
    WriteFile,
)

SHARED: Final = ("embeddings", "nginx", "dashboard", "actions")
_NGINX_BINDS_FOR: Final = 4
"""Seconds after which nginx has given up on a port that somebody else listens on: it tries five times."""

_UNDONE_WITHIN: Final = 600
"""Seconds that an action under way gets to be undone before it is killed."""

_UP: Final = frozenset({"STARTING", "RUNNING"})


class SharedParts:
    """The files and programs all clients of one root share."""

    def __init__(self, host: HostSettings, users: LocalUsers) -> None:
        self._host = host
        self._layout = host.layout
        self._users = users
        self.embedding_socket = self._layout.run / "embeddings" / "embeddings.sock"
        self._nginx_directory = self._layout.run / "nginx"
        self.actions_socket = self._layout.run / "actions" / "actions.sock"
        self._dashboard_socket = self._layout.run / "dashboard" / "dashboard.sock"

    def environment(self, program: str, **more: str) -> dict[str, str]:
        """The environment of a supervised program: where our code is, and the mark it is found by."""
        return {**installation.ENVIRONMENT, MARK: f"{self._layout.root}:{program}", **more}

    def observe(self, programs: Supervisor) -> Observed:
        """Read what is there."""
        states = programs.states()
        return Observed(
            digests=digests(file.path for file in self._files()),
            running=programs.answers(),
            whole=all_made(self._directories()),
            down=tuple(name for name in SHARED if states.get(name) not in _UP),
        )

    def steps(self, observed: Observed) -> tuple[Step, ...]:
        """Have everything there and running, in the order in which each needs the other."""
        stale = tuple(file for file in self._files() if not observed.has(file))
        foundations = (*self._users.shared_steps(self._layout), *self._directories())
        return (
            *(() if observed.whole else foundations),
            *self._write(stale, observed),
            *(self._restart(stale, observed) if observed.running else self._start()),
        )

    def stop_steps(self) -> tuple[Step, ...]:
        """End supervisord and every program at once; each gets its time to finish what it is answering."""
        return (self.end_remaining(),)

    def findings(self, programs: Supervisor) -> tuple[Finding, ...]:
        """Look at each shared program."""
        states = programs.states()
        mend = f"`provision host init` starts it; its log is {self._layout.logs}/NAME.log."
        return (
            *self._left_behind(programs),
            *(
                Finding(name, f"The program {name} is {states.get(name, 'not there').lower()}.", mend)
                for name in SHARED
                if states.get(name) not in _UP
            ),
        )

    def _left_behind(self, programs: Supervisor) -> tuple[Finding, ...]:
        """A supervisor that was killed leaves its programs: they serve on, and nothing restarts them."""
        left = () if programs.answers() else self.remaining()
        if not left:
            return ()
        problem = f"supervisord is gone, and processes it started still serve: {', '.join(map(str, left))}."
        mend = "`provision host init` ends them and starts everything anew."
        return (Finding("supervisord", problem, mend),)

    def _write(self, stale: tuple[RenderedFile, ...], observed: Observed) -> tuple[Step, ...]:
        """Change nginx's files together once it runs; before that, nothing can be broken yet."""
        inside = tuple(WriteFile(file) for file in stale if self._layout.nginx in file.path.parents)
        others = tuple(WriteFile(file) for file in stale if self._layout.nginx not in file.path.parents)
        if not inside or not observed.running or "nginx" in observed.down:
            return (*others, *inside)
        return (*others, ChangeNginx(self._layout.nginx, inside, SignalProgram("nginx", "HUP")))

    def _start(self) -> tuple[Step, ...]:
        """Start supervisord, which starts everything else; what an earlier one left behind goes first."""
        configuration = self._layout.run / "supervisord.conf"
        return (
            self.end_remaining(),
            Run("start supervisord", supervisord.start(configuration, self.environment("supervisord"))),
            *(StartProgram(name) for name in SHARED),
        )

    def remaining(self, program: str = "") -> Sequence[int]:
        """Return the processes of this root, or of one program, whether a supervisor knows of them or not."""
        return find(str(self._layout.root), self._nginx_directory, program)

    def end_remaining(self, program: str = "") -> EndRemaining:
        """End what runs of this root, or of one program, whether a supervisor knows of it or not."""
        return EndRemaining(str(self._layout.root), self._nginx_directory, program)

    def _restart(self, stale: tuple[RenderedFile, ...], observed: Observed) -> tuple[Step, ...]:
        changed = {file.path.stem for file in stale if file.path.parent.name == "supervisor.d"}
        if any(file.path.name == "http.conf" for file in stale):
            changed.add("nginx")  # a reload would stay silent when the port it shall listen on is taken
        return (
            *(StopProgram(name) for name in SHARED if name in changed),
            *(StartProgram(name) for name in SHARED if name in changed or name in observed.down),
        )

    def _directories(self) -> tuple[MakeDirectory, ...]:
        layout, users = self._layout, self._users
        return (
            MakeDirectory(layout.run, 0o711),
            MakeDirectory(layout.run / "supervisor.d", 0o700),
            MakeDirectory(layout.run / "embeddings", 0o750, users.embedding, users.embedding),
            MakeDirectory(layout.run / "dashboard", 0o750, users.dashboard, users.web),
            MakeDirectory(layout.run / "actions", 0o710, None, users.dashboard),
            MakeDirectory(self._nginx_directory, 0o700, users.web, users.web),
            MakeDirectory(layout.nginx, 0o755),
            MakeDirectory(layout.nginx / "tenantry", 0o755),
            MakeDirectory(layout.nginx / "sites", 0o755),
            MakeDirectory(layout.logs, 0o700),
            MakeDirectory(layout.admin, 0o700, users.dashboard, users.dashboard),
            MakeDirectory(layout.archive, 0o700),
        )

    def _files(self) -> tuple[RenderedFile, ...]:
        return (
            RenderedFile(mark_file(self._layout), self._users.mark),
            *self._nginx_files(),
            RenderedFile(self._layout.run / "supervisord.conf", supervisord_text(self._layout), 0o600),
            *(self._program_file(program) for program in self._programs()),
        )

    def _nginx_files(self) -> tuple[RenderedFile, ...]:
        folder = self._layout.nginx
        dashboard = admin_site(self._host, f"http://unix:{self._dashboard_socket}", None)
        return (
            *(
                RenderedFile(folder / "tenantry" / name, shipped("nginx", name).read_text("utf-8"))
                for name in ("proxy.conf", "errors.conf")
            ),
            RenderedFile(folder / "tenantry" / "challenge.conf", acme_challenge(self._host)),
            RenderedFile(folder / "tenantry" / "http.conf", nginx_shared(self._host, "sites/*.conf", None)),
            RenderedFile(folder / "sites" / "admin.conf", dashboard),
            RenderedFile(folder / "nginx.conf", local_nginx(self._layout, self._users.web_worker)),
        )

    def _programs(self) -> tuple[Program, ...]:
        users, python = self._users, installation.PYTHON
        configuration = str(self._layout.nginx / "nginx.conf")
        embedding = ("--socket", str(self.embedding_socket), *self._host.embedding_options)
        root = ("--root", str(self._layout.root), "--driver", "local")
        bind = ("--bind", f"unix:{self._dashboard_socket}", "--observe-every", "300")
        return (
            self._program("embeddings", (python, "-m", "embedding_server", *embedding), users.embedding, 100),
            self._program("nginx", ("nginx", "-e", "stderr", "-c", configuration), users.web, 200),
            self._program(
                "dashboard",
                (python, "-m", "provisioner", *root, "admin", "serve", *bind),
                users.dashboard,
                300,
            ),
            self._program(
                "actions",
                (python, "-m", "provisioner", *root, "admin", "act", "--bind", f"unix:{self.actions_socket}"),
                None,
                300,
            ),
        )

    def _program(self, name: str, argv: tuple[str, ...], user: str | None, priority: int) -> Program:
        return Program(
            name=name,
            argv=argv,
            directory=self._nginx_directory if name == "nginx" else self._layout.run,
            log=self._layout.logs / f"{name}.log",
            environment=self.environment(
                name, **(self._settings() if name in ("dashboard", "actions") else {})
            ),
            user=user or "",
            start_seconds=_NGINX_BINDS_FOR if name == "nginx" else 1,
            stop_seconds=_UNDONE_WITHIN if name == "actions" else 40,
            priority=priority,
        )

    def _settings(self) -> dict[str, str]:
        """What addresses are made of, as in effect here: the environment may have given it."""
        return {
            "TENANTRY_BASE_DOMAIN": self._host.base_domain,
            "TENANTRY_HTTP_PORT": str(self._host.http_port),
            "TENANTRY_PORT_RANGE": f"{self._host.port_range.first}-{self._host.port_range.last}",
        }

    def _program_file(self, program: Program) -> RenderedFile:
        path = self._layout.run / "supervisor.d" / f"{program.name}.conf"
        return RenderedFile(path, supervisor_program(program), 0o600)
