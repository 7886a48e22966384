"""What is wrong now, as values that stay the same as long as it is the same thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from provisioner.usage_files import UsageRecord

_STAGES: Final = (100, 80)


class Concern(StrEnum):
    """What an alert is about."""

    DOWN = "down"
    ABUSE = "abuse"
    QUOTA = "quota"
    BUDGET = "budget"
    BACKUP = "backup"
    DISK = "disk"
    CERTIFICATE = "certificate"
    MAIL = "mail"


TOLD_ONCE: Final = frozenset({Concern.QUOTA, Concern.BUDGET})
"""What lasts until the month ends, and ends with it: nobody is told so again."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is wrong now; `key` is what tells it from anything else.

    A `doubtful` one may pass by itself, as a client that is being restarted: it is told when it is still
    there the next time. One whose `level` rises is told again. `client_id` is empty for the host's.
    """

    key: str
    concern: Concern
    client_id: str
    problem: str
    mend: str
    doubtful: bool = False
    level: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """How much of something a month's plan allows is used; `limit` None or 0 is no limit."""

    name: str
    used: Decimal
    limit: Decimal | None

    def stage(self) -> int | None:
        """Return 80 or 100, the percentage that is reached; None below, and without a limit."""
        if not self.limit:
            return None
        reached = self.used * 100 / self.limit
        return next((stage for stage in _STAGES if reached >= stage), None)


def shares(record: UsageRecord, storage_bytes: int | None) -> tuple[Share, ...]:
    """Return what of a month's record has a limit in the plan."""

    def whole(number: int | None) -> Decimal | None:
        return None if number is None else Decimal(number)

    return (
        Share("questions", Decimal(record.requests_used), whole(record.requests_limit)),
        Share("analyses", Decimal(record.analyses_used), whole(record.analyses_limit)),
        Share("bytes of documents", Decimal(record.storage_bytes), whole(storage_bytes)),
    )


def quota_conditions(
    client_id: str, record: UsageRecord, storage_bytes: int | None, budget: Decimal | None
) -> Iterator[Condition]:
    """Tell of what is used by 80 or by 100 percent of what the month allows."""
    for share in shares(record, storage_bytes):
        stage = share.stage()
        if stage is not None:
            yield Condition(
                f"quota:{client_id}:{record.month}:{share.name}",
                Concern.QUOTA,
                client_id,
                f"{client_id} has used {stage} % of its {share.name} of {record.month} "
                f"({share.used} of {share.limit}).",
                f"`provision plan {client_id} PLAN` gives it more; `provision usage {client_id}` shows it.",
                level=stage,
            )
    spent = Share("budget", record.llm_cost, budget)
    stage = spent.stage()
    if stage is not None:
        yield Condition(
            f"budget:{client_id}:{record.month}",
            Concern.BUDGET,
            client_id,
            f"{client_id} has cost {record.llm_cost} € at the provider in {record.month}, {stage} % of its "
            f"budget of {budget} €.",
            f"Beyond it, answers are extracted locally: `provision set {client_id} llm_budget_monthly=…`.",
            level=stage,
        )
