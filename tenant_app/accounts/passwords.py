"""Passwords: argon2id hashes, what is accepted as a new one, and generated ones."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from flask_babel import lazy_gettext
from pydantic import SecretStr

from tenant_app.errors import InvalidInput

SHORTEST = 12
LONGEST = 256
_GENERATED_BYTES = 15

# 19 MiB, two passes, one lane: OWASP's first choice. A tenant's memory is limited, so few hash at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_at_once = threading.BoundedSemaphore(2)


def accept_new_password(password: SecretStr, email: str) -> None:
    """Raise InvalidInput unless the password may be chosen for the account of ``email``."""
    plain = password.get_secret_value()
    if not SHORTEST <= len(plain) <= LONGEST:
        raise InvalidInput(
            lazy_gettext(
                "Le mot de passe doit compter de %(shortest)s à %(longest)s caractères.",
                shortest=SHORTEST,
                longest=LONGEST,
            ),
            code="password-length",
        )
    if plain.casefold() == email.casefold():
        raise InvalidInput(
            lazy_gettext("Le mot de passe ne peut pas être l'adresse e-mail."), code="password-is-email"
        )


def hash_password(password: SecretStr) -> str:
    """Return the argon2id hash, with its parameters and salt in it."""
    with _at_once:
        return _hasher.hash(password.get_secret_value())


def password_matches(password_hash: str, password: SecretStr) -> bool:
    """Return whether the password is the one that was hashed; takes as long either way."""
    with _at_once:
        try:
            return _hasher.verify(password_hash, password.get_secret_value())
        except VerificationError:
            return False


def generate_password() -> SecretStr:
    """Return a new random password of 20 characters (120 bits)."""
    return SecretStr(secrets.token_urlsafe(_GENERATED_BYTES))
