"""Calendar months in UTC, written ``YYYY-MM``: what quotas and bills are counted by."""

from datetime import UTC, datetime


def month_of(moment: datetime) -> str:
    """Return the month a moment falls in; the moment must be aware."""
    return moment.astimezone(UTC).strftime("%Y-%m")


def month_begins(month: str) -> datetime:
    """Return the first instant of a month; raises ValueError when it is not ``YYYY-MM``."""
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)


def month_ends(month: str) -> datetime:
    """Return the first instant of the next month; raises ValueError when it is not ``YYYY-MM``."""
    begins = month_begins(month)
    if begins.month == 12:
        return begins.replace(year=begins.year + 1, month=1)
    return begins.replace(month=begins.month + 1)
