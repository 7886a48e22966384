"""Reads a secret from standard input, never from the command line."""

from __future__ import annotations

import sys

from pydantic import SecretStr

from provisioner.errors import InvalidRequest


def read_password(option: str = "--password-stdin") -> SecretStr:
    """Return the one line on standard input; raises InvalidRequest when there is none, or more."""
    lines = sys.stdin.read().splitlines()
    if len(lines) != 1 or not lines[0]:
        raise InvalidRequest(
            option,
            f"standard input holds {len(lines)} lines instead of the one that was announced.",
            f"For example: `pass show dupont/marie | provision … {option}`.",
        )
    return SecretStr(lines[0])
