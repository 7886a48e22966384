"""Signed tokens: written one way, and accepted only when they are exactly what this program writes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

import jwt
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

ALGORITHM = "HS256"
ACCESS_LIFETIME = timedelta(minutes=15)
OPERATOR_LIFETIME = timedelta(seconds=60)
CLOCK_TOLERANCE = timedelta(seconds=5)


class InvalidToken(Exception):
    """The token proves nothing; the message says why, for the log, never for the caller."""


class Claims(BaseModel):
    """What every token says. Strict: a number is not a string, a list is not an audience."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    aud: str
    exp: int
    iat: int


class AccessClaims(Claims):
    """A user's access token: ``sub`` is the user's id, ``sid`` the sign-in it belongs to."""

    typ: Literal["access"]
    iss: str
    sub: str
    sid: str
    jti: str


class OperatorClaims(Claims):
    """The provisioner's token for ``/internal``."""

    typ: Literal["operator"]
    iss: str | None = None
    sub: str | None = None
    jti: str | None = None


C = TypeVar("C", bound=Claims)


def sign(claims: Claims, key: SecretStr) -> str:
    """Return the signed token."""
    return jwt.encode(claims.model_dump(exclude_none=True), key.get_secret_value(), algorithm=ALGORITHM)


def verify(
    token: str,
    model: type[C],
    *,
    keys: Sequence[SecretStr],
    audience: str,
    now: datetime,
    lifetime: timedelta,
) -> C:
    """Return the claims of a token that one of the keys signed, or raise InvalidToken.

    Refused: another algorithm, any header but ``alg`` and ``typ: JWT``, another key, an unknown, missing or
    ill-typed claim, another audience, a token of another kind, an expired one, and one that would outlive
    ``lifetime`` from now.
    """
    try:
        _check_header(jwt.get_unverified_header(token))
        claims = model.model_validate(_payload(token, keys))
    except (jwt.PyJWTError, ValidationError, UnicodeError) as error:
        raise InvalidToken(type(error).__name__) from error
    if claims.aud != audience:
        raise InvalidToken("wrong audience")
    _check_times(claims, now, lifetime)
    return claims


def _payload(token: str, keys: Sequence[SecretStr]) -> dict[str, Any]:
    # Times are checked elsewhere, by this program's clock.
    unchecked: dict[str, Any] = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    *others, last = keys
    for key in others:
        try:
            return jwt.decode(token, key.get_secret_value(), algorithms=[ALGORITHM], options=unchecked)  # type: ignore[arg-type]
        except jwt.InvalidSignatureError:
            continue
    return jwt.decode(token, last.get_secret_value(), algorithms=[ALGORITHM], options=unchecked)  # type: ignore[arg-type]


def _check_header(header: dict[str, Any]) -> None:
    if header.get("alg") != ALGORITHM or header.get("typ", "JWT") != "JWT" or set(header) - {"alg", "typ"}:
        raise InvalidToken("unexpected header")


def _check_times(claims: Claims, now: datetime, lifetime: timedelta) -> None:
    seconds = now.timestamp()
    tolerance = CLOCK_TOLERANCE.total_seconds()
    if claims.exp <= seconds:
        raise InvalidToken("expired")
    if claims.iat > seconds + tolerance:
        raise InvalidToken("issued in the future")
    if claims.exp > seconds + lifetime.total_seconds() + tolerance:
        raise InvalidToken("outlives what is allowed")
