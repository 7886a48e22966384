"""Making one analysis: reading the case, asking the library, then writing or extracting."""

from collections.abc import Callable, Sequence
from datetime import date

from tenant_app.accounts.actor import Actor
from tenant_app.cases.analyses.content import Content
from tenant_app.cases.analyses.extractive import extract_analysis, issues_of
from tenant_app.cases.analyses.material import Material, gather
from tenant_app.cases.analyses.research import Finding, questions_of, research
from tenant_app.cases.analyses.verifying import written_analysis
from tenant_app.cases.analyses.writing import NotWritten, Spending, Writer
from tenant_app.database import Database
from tenant_app.retrieval.search import Search
from tenant_app.settings import Settings

Note = Callable[[str], None]
"""Is told each step, by its code."""


class Making:
    """Makes the analyses of one instance; ``today`` is the day it is where the clients live."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        search: Search,
        writer: Writer,
        today: Callable[[], date],
    ) -> None:
        self._settings = settings
        self._database = database
        self._search = search
        self.writer = writer
        self._today = today

    def make(self, actor: Actor, case_id: int, spending: Spending, note: Note) -> Content:
        """Return the analysis of a case; ``spending`` is kept up to date. Raises NotFound.

        A model that fails never fails the analysis: it is then extracted, and a notice says why.
        """
        note("reading")
        material = gather(self._database, actor, case_id, self._settings.language_default)
        note("searching")
        findings = [
            research(self._database, self._search, actor, material, question)
            for question in questions_of(material, issues_of(material))
        ]
        notices = _notices(material, findings)
        trouble = self._trouble(material, findings)
        if trouble is None:
            note("writing")
            try:
                return self._written(material, findings, spending, notices)
            except NotWritten as failure:
                trouble = failure.code
        note("extracting")
        return extract_analysis(
            material, findings, self._settings.assistant, self._today(), [*notices, trouble]
        )

    def _trouble(self, material: Material, findings: Sequence[Finding]) -> str | None:
        """Return why the model is not asked, if it is not."""
        trouble = self.writer.trouble()
        if trouble is not None:
            return trouble
        something = material.extracts or any(finding.extracts for finding in findings)
        return None if something else "nothing-to-read"

    def _written(
        self, material: Material, findings: Sequence[Finding], spending: Spending, notices: Sequence[str]
    ) -> Content:
        written = self.writer.write(material, findings, spending)
        return written_analysis(material, findings, written, self._settings.assistant, self._today(), notices)


def _notices(material: Material, findings: Sequence[Finding]) -> list[str]:
    notices = {
        "unread-documents": bool(material.unread),
        "cut": material.cut,
        "search-degraded": any(finding.answer.degraded for finding in findings),
    }
    return [code for code, holds in notices.items() if holds]
