"""Reads the usage files tenants export, without trusting the tenants.

A tenant's process owns its data directory and may put anything there: a link to a neighbour's file, a pipe
that never ends, gigabytes, another client's figures. Each path component is opened without following links,
and only a small regular file of exactly the promised shape is believed.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from provisioner.errors import ProvisionError
from provisioner.untrusted_files import read_untrusted

MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
LARGEST_BYTES: Final = 64 * 1024
_LARGEST_COUNT: Final = 2**53

Count = Annotated[int, Field(strict=True, ge=0, le=_LARGEST_COUNT)]
Money = Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=2, allow_inf_nan=False)]
# A moment near the ends of the calendar overflows as soon as somebody shows it in another zone.
Moment = Annotated[
    AwareDatetime, Field(ge=datetime(2020, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))
]


class UnreadableUsage(ProvisionError):
    """A usage file is there and cannot be believed; its figures are unknown, which is not zero."""

    code = "unreadable-usage"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"The usage file {path} {reason}.",
            "The tenant rebuilds it from its ledger: `provision usage ID`, or restart the tenant.",
        )


class ModelChange(BaseModel):
    """A change of the embedding model under way: `done` of `total` passages have their new vector."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    done: Count
    total: Count


class UsageRecord(BaseModel):
    """One client's month. Counts are whole, money in euros, ``None`` as a limit means unlimited."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    client_id: Annotated[str, Field(strict=True)]
    month: Annotated[str, Field(strict=True, pattern=f"^{MONTH.pattern}$")]
    analyses_used: Count
    analyses_limit: Count | None
    users_active: Count
    users_limit: Count | None
    overage_fees: Money
    total_due: Money
    requests_used: Count
    requests_limit: Count | None
    tokens_in: Count
    tokens_out: Count
    llm_cost: Money
    documents: Count
    storage_bytes: Count
    updated_at: Moment
    last_activity_at: Moment | None = None
    model_change: ModelChange | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """A usage record and the bytes of the file it stands in."""

    record: UsageRecord
    content: bytes

    @property
    def sha256(self) -> str:
        """What tells this export of the ledger from another."""
        return hashlib.sha256(self.content).hexdigest()


def read_usage(client_directory: Path, client_id: str, month: str) -> UsageRecord | None:
    """Return what the client used in ``month``; see ``read_export``."""
    export = read_export(client_directory, client_id, month)
    return export.record if export else None


def read_export(client_directory: Path, client_id: str, month: str) -> Export | None:
    """Return what the client used in ``month`` (``YYYY-MM``); None when nothing was exported for it yet.

    ``client_directory`` is ``<root>/client-<id>``. Raises UnreadableUsage for a link, anything but a regular
    file, more than 64 KB, a file that may not be read, or content that does not fit.
    """
    path = client_directory / "data" / "usage" / f"{month}.json"
    try:
        text = read_untrusted(client_directory, "data", "usage", path.name, largest=LARGEST_BYTES)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UnreadableUsage(path, str(error)) from error
    except OSError as error:
        raise UnreadableUsage(path, f"cannot be opened safely ({error.strerror})") from error
    return parse_export(path, text, client_id, month)


def parse_export(path: Path, content: bytes, client_id: str, month: str) -> Export:
    """Judge the content of a usage file; raises UnreadableUsage."""
    try:
        raw = json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)
        record = UsageRecord.model_validate(raw)
    # A deeply nested document ends the parser with RecursionError, a huge integer with ValueError, a number
    # whose exponent has twenty digits with decimal.InvalidOperation, an ArithmeticError.
    except (ValueError, RecursionError, ArithmeticError, ValidationError) as error:
        raise UnreadableUsage(path, "does not hold a usage record") from error
    if (record.client_id, record.month) != (client_id, month):
        raise UnreadableUsage(path, "holds the figures of another client or month")
    return Export(record, content)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def as_json(record: UsageRecord) -> dict[str, Any]:
    """Return the record as the JSON it was, money as numbers with two decimals."""
    shape = record.model_dump()
    for name, value in shape.items():
        if isinstance(value, Decimal):
            shape[name] = float(round(value, 2))
        elif isinstance(value, datetime):
            shape[name] = value.isoformat()
    return shape
