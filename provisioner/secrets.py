"""Makes the secrets a new client needs. Each is shown once, stored by whoever needs it, logged never."""

from __future__ import annotations

import secrets

from pydantic import SecretStr

_PASSWORD_WORDS = 4
_CONSONANTS = "bcdfghjkmnpqrstvwxz"
_VOWELS = "aeiouy"


def signing_key() -> SecretStr:
    """Return 48 random bytes as 64 URL-safe characters, for signing tokens."""
    return SecretStr(secrets.token_urlsafe(48))


def password() -> SecretStr:
    """Return a password that can be read aloud: four groups of five letters and a digit, 83 bits."""
    groups = (_syllables() + secrets.choice("23456789") for _ in range(_PASSWORD_WORDS))
    return SecretStr("-".join(groups))


def _syllables() -> str:
    return "".join(secrets.choice(_CONSONANTS if place % 2 == 0 else _VOWELS) for place in range(5))


def api_key(plan: str) -> SecretStr:
    """Return an API key in document 002's shape: `sk_<plan>_` and 43 URL-safe characters (256 bits)."""
    return SecretStr(f"sk_{plan}_{secrets.token_urlsafe(32)}")
