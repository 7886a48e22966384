"""certbot's command line, and what it says when an authority refuses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

_KEPT_LOGS: Final = "20"
_PROBLEM: Final = re.compile(r"^ *Domain: +(\S+)\n *Type: +(\S+)\n *Detail: +(.+)$", re.MULTILINE)
_ADVICE: Final = ("Saving debug log", "Ask for help", "An unexpected error occurred", "(PATH is")


class Problem(NamedTuple):
    """Why a name was not validated; `kind` as RFC 8555, 6.7 calls it: dns, connection, unauthorized, …"""

    name: str
    kind: str
    detail: str


def order(
    lineage: str,
    names: Sequence[str],
    folder: Path,
    account: Sequence[str],
    challenge: Sequence[str],
    *,
    renews: bool = False,
) -> tuple[str, ...]:
    """Obtain a certificate under a lineage's name; when it `renews`, another one, whatever remains of it."""
    asked = tuple(word for name in names for word in ("--domain", name))
    how = ("--non-interactive", "--agree-tos", "--no-eff-email", "--max-log-backups", _KEPT_LOGS)
    where = (
        *("--config-dir", str(folder / "certbot"), "--work-dir", str(folder / "work")),
        *("--logs-dir", str(folder / "logs")),
    )
    when = "--force-renewal" if renews else "--keep-until-expiring"
    kept = ("--cert-name", lineage, "--key-type", "ecdsa", when)
    return ("certbot", "certonly", *how, *where, *account, *challenge, *kept, *asked)


def account(email: str, directory: str) -> tuple[str, ...]:
    """With whom, and as whom."""
    return ("--email", email, "--server", directory)


def through_files(folder: Path) -> tuple[str, ...]:
    """Be validated by http-01: by what a web server serves of `folder`."""
    return ("--webroot", "--webroot-path", str(folder))


def through_hooks(publish: Path, withdraw: Path) -> tuple[str, ...]:
    """Be validated by dns-01: by a record that one program publishes and the other takes away."""
    hooks = ("--manual-auth-hook", str(publish), "--manual-cleanup-hook", str(withdraw))
    return ("--manual", "--preferred-challenges", "dns-01", *hooks)


def problems(said: str) -> tuple[Problem, ...]:
    """Return what the authority found against each name, from all that certbot printed."""
    return tuple(Problem(*found) for found in _PROBLEM.findall(said))


def last_words(said: str) -> str:
    """Return what certbot printed as an error, without its advice where to ask for help."""
    lines = (line.strip() for line in said.splitlines())
    return " ".join(line for line in lines if line and not line.startswith(_ADVICE))
