"""The tables of accounts. No secret is stored: passwords as argon2id, everything random as SHA-256."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from tenant_app.database import Base, UtcDateTime


class User(Base):
    """A person of the client. ``email_key`` is the address case-folded: it is what must be unique."""

    __tablename__ = "users"
    # So that an id is never used twice: what still acts for an erased user must not reach the next one.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInSession(Base):
    """One sign-in: of a browser (``cookie_hash``) or of a program (its refresh tokens)."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    cookie_hash: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OneTimeLink(Base):
    """A link by which a user chooses a password; there is one at a time."""

    __tablename__ = "one_time_links"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RefreshToken(Base):
    """One link of a sign-in's chain of refresh tokens; a used one is kept, so that reuse is noticed."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInFailures(Base):
    """Consecutive failures for one address, whether an account has it or not (so that both look the same)."""

    __tablename__ = "sign_in_failures"

    email_hash: Mapped[str] = mapped_column(primary_key=True)
    attempts: Mapped[int]
    last_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiKey(Base):
    """A program's key; ``hint`` is its beginning, enough to recognise it in a list.

    One that another has replaced ends at ``ends_at``. ``scopes`` are separated by spaces, none limits
    nothing; ``expires_on`` is the last day (UTC) it is accepted; its own quota and pace count the whole line
    of keys that replaced each other, whose first one is ``first_id`` (None: itself).
    """

    __tablename__ = "api_keys"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    hint: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    scopes: Mapped[str] = mapped_column(default="")
    expires_on: Mapped[date | None]
    requests_monthly: Mapped[int | None]
    requests_per_minute: Mapped[int | None]
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_id: Mapped[int | None]
