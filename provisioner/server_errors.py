"""Reads what a tenant tells of its own errors, ``usage/errors.json``, without trusting the tenant.

Only routes, numbers and moments are believed: nothing in the file can bring a text of anybody's onto a page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from provisioner.errors import ProvisionError
from provisioner.untrusted_files import read_untrusted
from provisioner.usage_files import Count, Moment

FILE: Final = "errors.json"
LARGEST_BYTES: Final = 128 * 1024
_READ: Final = ConfigDict(frozen=True, extra="ignore")

Route = Annotated[str, Field(pattern=r"^[A-Z]{3,7} /[A-Za-z0-9_./<>:-]{0,160}$")]
Status = Annotated[int, Field(strict=True, ge=500, le=599)]
RequestId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class UnreadableErrors(ProvisionError):
    """The file is there and cannot be believed; what went wrong is unknown, which is not nothing."""

    code = "unreadable-errors"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The file of errors {path} {reason}.", "Restart the tenant: it begins the file anew."
        )


class Kind(BaseModel):
    """How often a route answered with a status that day; a route of None is none that has a name."""

    model_config = _READ

    route: Route | None
    status: Status
    count: Count


class ErrorDay(BaseModel):
    """What went wrong on a day, in UTC."""

    model_config = _READ

    day: date
    kinds: Annotated[tuple[Kind, ...], Field(max_length=64)]


class ServerError(BaseModel):
    """One answer of 500 or above, and the number its request has in the tenant's log."""

    model_config = _READ

    at: Moment
    route: Route | None
    status: Status
    request_id: RequestId


class ErrorRecord(BaseModel):
    """A tenant's errors of the last weeks, counted `since` a moment; both lists are oldest first."""

    model_config = _READ

    client_id: str
    since: Moment
    days: Annotated[tuple[ErrorDay, ...], Field(max_length=64)]
    last: Annotated[tuple[ServerError, ...], Field(max_length=64)]

    def daily(self, last: date, count: int) -> Sequence[CountedDay]:
        """Return the last `count` days up to `last`, oldest first, but for those before it was counted."""
        kinds = {one.day: one.kinds for one in self.days}
        begun = min(self.since.astimezone(UTC).date(), last)
        days = (last - timedelta(days=number) for number in range(count - 1, -1, -1))
        return [CountedDay(day, _by_count(kinds.get(day, ()))) for day in days if day >= begun]


@dataclass(frozen=True, slots=True)
class CountedDay:
    """A day's errors by route and status, the most frequent first."""

    day: date
    kinds: Sequence[Kind]

    @property
    def count(self) -> int:
        """All errors of the day."""
        return sum(one.count for one in self.kinds)


def read_errors(client_directory: Path, client_id: str) -> ErrorRecord | None:
    """Return what a client tells of its errors; None when it has told nothing yet.

    Raises UnreadableErrors for a link, anything but a small regular file, or content that does not fit.
    """
    path = client_directory / "data" / "usage" / FILE
    try:
        text = read_untrusted(client_directory, "data", "usage", FILE, largest=LARGEST_BYTES)
        record = ErrorRecord.model_validate_json(text)
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise UnreadableErrors(path, "does not hold what it should") from error
    except ValueError as error:
        raise UnreadableErrors(path, str(error)) from error
    except OSError as error:
        raise UnreadableErrors(path, f"cannot be opened safely ({error.strerror})") from error
    if record.client_id != client_id:
        raise UnreadableErrors(path, "is another client's")
    return record


def _by_count(kinds: Sequence[Kind]) -> Sequence[Kind]:
    counts: Counter[tuple[str | None, int]] = Counter()
    for one in kinds:
        counts[one.route, one.status] += one.count
    return [Kind(route=route, status=status, count=n) for (route, status), n in counts.most_common()]
