"""Reads a secret from standard input, never from the command line."""

from __future__ import annotations

import sys

from pydantic import SecretStr

from provisioner.errors import InvalidRequest


def read_password() -> SecretStr:
    """Return the one line on standard input; raises InvalidRequest when there is none, or more."""
    lines = sys.stdin.read().splitlines()
    if len(lines) != 1 or not lines[0]:
        raise InvalidRequest(
            "--password-stdin",
            f"standard input holds {len(lines)} lines instead of one with the password.",
            "For example: `pass show dupont/marie | provision user add … --password-stdin`.",
        )
    return SecretStr(lines[0])
