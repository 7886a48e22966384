"""An analysis written by the language model, within the month's budget and the time a caller waits."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tenant_app.assistant.provider import (
    Consumption,
    Message,
    Provider,
    ProviderFailed,
    Took,
    highest_price,
    took,
)
from tenant_app.assistant.provider_health import ProviderHealth
from tenant_app.billing.budget import Budget
from tenant_app.cases.analyses.material import Material
from tenant_app.cases.analyses.prompting import messages_for, passages_for, repair_messages
from tenant_app.cases.analyses.research import Finding
from tenant_app.cases.analyses.verifying import Malformed, Written, read_answer
from tenant_app.settings import Settings

REPAIR_SHARE: Final = 0.5
"""A malformed answer is mended once if it took at most this share of the time a call may take."""


@dataclass
class Spending:
    """What the model's calls for one analysis took, and the holds on the budget of ``month``."""

    month: str
    calls: list[Consumption] = field(default_factory=list)
    holds: list[int] = field(default_factory=list)


class NotWritten(Exception):
    """The model wrote no analysis; ``code`` is the notice that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Writer:
    """Has analyses written for one instance."""

    def __init__(
        self, settings: Settings, provider: Provider, health: ProviderHealth, budget: Budget
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._health = health
        self._budget = budget

    def trouble(self) -> str | None:
        """Return why the model is not asked, if it is not."""
        if not self._provider.configured:
            return "provider-not-configured"
        return None if self._health.worth_asking() else "provider-paused"

    def write(self, material: Material, findings: Sequence[Finding], spending: Spending) -> Written:
        """Return the analysis the model writes; raises NotWritten. ``spending`` is kept up to date."""
        began = time.monotonic()
        passages = passages_for(self._settings, material, findings)
        messages = messages_for(self._settings, material, passages)
        answer = self._ask(messages, spending)
        try:
            return Written(read_answer(answer), tuple(passages))
        except Malformed as error:
            if time.monotonic() - began > REPAIR_SHARE * self._settings.llm_timeout_seconds:
                raise NotWritten("malformed") from error
            mended = self._ask(repair_messages(messages, answer, str(error)), spending)
        try:
            return Written(read_answer(mended), tuple(passages))
        except Malformed as error:
            raise NotWritten("malformed") from error

    def took(self, spending: Spending) -> Took:
        """Return what the calls took."""
        return took(self._settings, spending.calls)

    def release(self, spending: Spending) -> None:
        """End the holds on the budget: what the calls really cost is settled by now."""
        for hold_id in spending.holds:
            self._budget.release(hold_id, spending.month)

    def _ask(self, messages: Sequence[Message], spending: Spending) -> str:
        hold_id = self._budget.hold(spending.month, highest_price(self._settings, messages))
        if hold_id is None:
            raise NotWritten("budget-spent")
        spending.holds.append(hold_id)
        consumption = Consumption()
        spending.calls.append(consumption)
        try:
            answer = "".join(self._provider.write(messages, consumption))
        except ProviderFailed as failure:
            self._health.failed(failure.reason)
            raise NotWritten(failure.reason) from failure
        self._health.answered()
        return answer
