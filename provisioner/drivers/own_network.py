"""This host as the network knows it: its own addresses, and the name of the network it is in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_LOCAL: Final = re.compile(r"\|-- (\d+\.\d+\.\d+\.\d+)\n\s+/32 host LOCAL")


def addresses() -> list[str]:
    """Return this host's IPv4 addresses, those of the loopback interface included."""
    return sorted(set(_LOCAL.findall(Path("/proc/net/fib_trie").read_text())))


def name() -> str:
    """Return what `/proc/self/ns/net` says of the network this process is in."""
    return str(Path("/proc/self/ns/net").readlink())
