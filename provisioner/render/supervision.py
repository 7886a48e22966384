"""supervisord's configuration."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from provisioner.layout import Layout
from provisioner.render.templates import render


@dataclass(frozen=True, slots=True)
class Program:
    """A program for supervisord. `log` gets both outputs; `user` "" is whoever runs supervisord.

    It counts as started once it has stayed up for `start_seconds`. `stop_seconds` pass between SIGTERM and
    SIGKILL; lower `priority` starts first and stops last.
    """

    name: str
    argv: tuple[str, ...]
    directory: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    autostart: bool = True
    start_seconds: int = 1
    stop_seconds: int = 40
    priority: int = 500


def supervisord(layout: Layout) -> str:
    """Return the local driver's supervisord.conf; it includes `supervisor.d/*.conf` beside it."""
    return render(
        "templates/supervisor/supervisord.conf.j2",
        log=str(layout.logs / "supervisord.log"),
        logs=str(layout.logs),
        pid=str(layout.run / "supervisord.pid"),
        socket=str(layout.run / "supervisord.sock"),
        programs=str(layout.run / "supervisor.d" / "*.conf"),
    )


def supervisor_program(program: Program) -> str:
    """Return one program's part of supervisord's configuration."""
    return render(
        "templates/supervisor/program.conf.j2",
        **{**asdict(program), "directory": str(program.directory), "log": str(program.log)},
    )
