"""Making one analysis: reading the case, asking the library, then writing or extracting."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from tenant_app.accounts.actor import Actor
from tenant_app.cases.analyses.content import Content
from tenant_app.cases.analyses.extractive import extract_analysis, issues_of
from tenant_app.cases.analyses.material import Material, gather
from tenant_app.cases.analyses.research import questions_of, research
from tenant_app.database import Database
from tenant_app.retrieval.search import Search
from tenant_app.settings import Settings

_NOTHING: Final = Decimal(0)


@dataclass(frozen=True)
class Made:
    """An analysis and what it took: tokens of the model, and euros owed for them."""

    content: Content
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal = _NOTHING


class Making:
    """Makes the analyses of one instance; ``today`` is the day it is where the clients live."""

    def __init__(
        self, settings: Settings, database: Database, search: Search, today: Callable[[], date]
    ) -> None:
        self._settings = settings
        self._database = database
        self._search = search
        self._today = today

    def make(self, actor: Actor, case_id: int, note: Callable[[str], None]) -> Made:
        """Return the analysis of a case; ``note`` is told each step. Raises NotFound."""
        note("reading")
        material = gather(self._database, actor, case_id, self._settings.language_default)
        note("searching")
        findings = [
            research(self._database, self._search, actor, material, question)
            for question in questions_of(material, issues_of(material))
        ]
        notices = _notices(material)
        if any(finding.answer.degraded for finding in findings):
            notices.append("search-degraded")
        note("extracting")
        notices.append("provider-not-configured")
        content = extract_analysis(material, findings, self._settings.assistant, self._today(), notices)
        return Made(content)


def _notices(material: Material) -> list[str]:
    notices = ["unread-documents"] if material.unread else []
    return [*notices, "cut"] if material.cut else notices
