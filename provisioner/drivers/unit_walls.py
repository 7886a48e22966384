"""The walls of a client's unit as systemd has them: its file, and every drop-in an operator added.

Whatever tries these walls is put behind the very same lines, so that the two cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from provisioner.errors import ProvisionError

#: What a service does in its life. Everything else of `[Service]` is its surroundings, and is taken over.
_LIFE: Final = re.compile(
    r"Type|NotifyAccess|Exec(Start|Stop|Reload|Condition)\w*|Restart\w*|Timeout\w+|RuntimeMaxSec|Watchdog\w+"
    r"|KillMode|KillSignal|FinalKillSignal|SendSIG\w+|SuccessExitStatus|SyslogIdentifier|Standard\w+"
    r"|Sockets|PIDFile|BusName|GuessMainPID|RemainAfterExit|FileDescriptorStore\w+|NonBlocking|OOMPolicy"
)
_SPECIFIER: Final = re.compile(r"%(.)")


class UnknownWalls(ProvisionError):
    """A unit holds something that cannot be taken over as it is."""

    code = "unknown-walls"


def walls(text: str, unit: str) -> tuple[str, ...]:
    """Return the surroundings of a service as `Name=value` properties, in the order in which they apply.

    `text` is what `systemctl cat` shows of `unit`, such as `tenant@dupont.service`. Raises UnknownWalls for a
    specifier (`%x`) that is not known here: the walls would not be the same.
    """
    return tuple(
        f"{name}={_expanded(value, unit)}"
        for name, value in _service_lines(text)
        if not _LIFE.fullmatch(name)
    )


def _service_lines(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in text.replace("\\\n", " ").splitlines():
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped
        elif section == "[Service]" and stripped and stripped[0] not in "#;":
            name, _, value = stripped.partition("=")
            yield name.strip(), value.strip()


def _expanded(value: str, unit: str) -> str:
    instance = unit.partition("@")[2].rpartition(".")[0]
    known = {"%": "%", "i": instance, "n": unit, "N": unit.rpartition(".")[0], "p": unit.partition("@")[0]}

    def expand(found: re.Match[str]) -> str:
        if found[1] not in known:
            raise UnknownWalls(
                f"{unit} has {value!r}, and what {found[0]} stands for there is not known.",
                "Write it out in the drop-in that has it.",
            )
        return known[found[1]]

    return _SPECIFIER.sub(expand, value)
