"""A command line as a value: what to run, as whom, and what it gets on its standard input."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pydantic import SecretStr

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Command:
    """One program to run, never through a shell.

    `argv` is shown in messages and in `--dry-run`: secrets go in `stdin`. `user` is a system user's
    name to run as (None: whoever runs the command); its primary group comes along and no other.
    `environment` is added to a minimal one (PATH, HOME, LANG); nothing else is inherited.
    `timeout` is in seconds.
    """

    argv: tuple[str, ...]
    stdin: SecretStr | None = None
    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    timeout: float = 30.0

    def describe(self) -> str:
        """Show the command as one could type it; what it reads is only mentioned."""
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in sorted(self.environment.items()))
        shown = f"{given} {shlex.join(self.argv)}".strip()
        as_whom = f" as {self.user}" if self.user else ""
        fed = " with secrets on its standard input" if self.stdin else ""
        return f"{shown}{as_whom}{fed}"
