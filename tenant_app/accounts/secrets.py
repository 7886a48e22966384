"""Random secrets handed out once, and the only form in which they are kept."""

import hashlib
import secrets

_BYTES = 32


def new_secret() -> str:
    """Return 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """Return what is stored of a secret.

    A plain SHA-256 is enough because the secret has 256 random bits: there is nothing to guess slowly.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
