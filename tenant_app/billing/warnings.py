"""Which limits of the month are nearly, or wholly, used up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tenant_app.billing.report import Usage
from tenant_app.settings import Settings

NEARLY_FULL_PERCENT: Final = 80

What = Literal["requests", "analyses", "storage", "language-model"]
Level = Literal["nearly", "reached"]


@dataclass(frozen=True)
class LimitWarning:
    """A limit of which ``share`` percent are used: 80 at least; 100 means reached."""

    what: What
    share: int

    @property
    def level(self) -> Level:
        """How serious it is."""
        return "reached" if self.share >= 100 else "nearly"


def share_of(used: int, allowed: int | None) -> int | None:
    """Return the whole percentage used, rounded down so that 100 means reached; None without a limit."""
    if allowed is None:
        return None
    return min(100, used * 100 // allowed) if allowed else 100


def warnings_of(record: Usage, settings: Settings) -> Sequence[LimitWarning]:
    """Return what the month's record warns of."""
    return [
        LimitWarning(what, share)
        for what, share in _shares(record, settings)
        if share is not None and share >= NEARLY_FULL_PERCENT
    ]


def _shares(record: Usage, settings: Settings) -> Iterator[tuple[What, int | None]]:
    yield "requests", share_of(record.requests_used, record.requests_limit)
    yield "analyses", share_of(record.analyses_used, record.analyses_limit)
    yield "storage", share_of(record.storage_bytes, settings.storage_bytes)
    budget = settings.llm_budget_monthly
    if settings.openai_base_url is not None and budget is not None:
        yield "language-model", share_of(int(record.llm_cost * 100), int(budget * 100))
