"""Lock-out after repeated failures: kept in the database, so a restart does not forgive."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from tenant_app.accounts.models import SignInFailures

ATTEMPTS_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


def is_locked(session: Session, email_hash: str, now: datetime) -> bool:
    """Return whether sign-ins for this address are refused at the moment, right password or not."""
    failures = session.get(SignInFailures, email_hash)
    if failures is None or failures.locked_until is None:
        return False
    # Further ahead than a lock-out lasts: it was set by a clock that has been put right since.
    return now < failures.locked_until <= now + LOCKED_FOR


def record_failure(session: Session, email_hash: str, now: datetime) -> bool:
    """Count one failure and return whether it locks: the fifth in a row does.

    One that comes while locked does not prolong it.
    """
    session.execute(delete(SignInFailures).where(SignInFailures.last_attempt_at < now - FORGOTTEN_AFTER))
    if is_locked(session, email_hash, now):
        return False
    failures = session.get(SignInFailures, email_hash)
    if failures is None:
        failures = SignInFailures(email_hash=email_hash, attempts=0)
        session.add(failures)
    if failures.locked_until is not None:
        failures.attempts, failures.locked_until = 0, None
    failures.attempts += 1
    failures.last_attempt_at = now
    if failures.attempts < ATTEMPTS_ALLOWED:
        return False
    failures.locked_until = now + LOCKED_FOR
    return True


def forget_failures(session: Session, email_hash: str) -> None:
    """Start again from zero, after a success or a reset."""
    session.execute(delete(SignInFailures).where(SignInFailures.email_hash == email_hash))
