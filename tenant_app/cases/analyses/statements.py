"""The sentences of documents and what speaks in each: days, amounts, people, claims, risks, time limits."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from tenant_app.assistant.sentences import sentences
from tenant_app.cases.analyses.content import Extract
from tenant_app.cases.analyses.dates import days_in
from tenant_app.cases.analyses.references import references_in

LONGEST: Final = 600
"""Characters; what is longer is a table or a list, not a sentence."""
_FEWEST_WORDS: Final = 4

_AMOUNT: Final = re.compile(
    r"(?<!\w)(?:€|EUR)\s?\d|\d[\d\s\u00a0\u202f.,]*\s?(?:€|euros?\b|EUR\b|k€|M€)", re.IGNORECASE
)
_PARTY: Final = re.compile(
    r"\b(?:M\.|MM\.|Mme|Mlle|Me|Maître|Monsieur|Madame|Mr|Mrs|Ms|Dr)\s+[A-ZÀ-Ý]"
    r"|\b(?:la société|le bailleur|la bailleresse|le locataire|la locataire|le salarié|la salariée"
    r"|l['’]employeur|le client|la cliente|le demandeur|le défendeur|SARL|SAS|SCI|SA|Ltd|LLC"
    r"|the landlord|the tenant|the employer|the employee|the company)\b"
)
_EVENT: Final = re.compile(
    r"\b(?:sign|notifi|assign|licenci|embauch|engag|conclu|résili|vers|pay|reç|remis|envoy|adress|constat"
    r"|déclar|donné|informé|refus|accept|convoqu|saisi|dépos|terminat|receiv|sent\b|served|hired|dismiss"
    r"|agreed|entered|refused|paid)",
    re.IGNORECASE,
)
_TIME_LIMIT: Final = re.compile(
    r"\bd[ée]lais?\s+(?:maximum\s+|maximal\s+)?(?:de|d['’]|pour)|\bau plus tard\b|\bdate limite\b|\béchéance"
    r"|\bavant le\s+\d|\bjusqu['’]au\s+\d|\bsous\s+(?:\d+|huit|quinze|trente)\s+jours|\bpréavis\b"
    r"|\bwithin\s+\w+\s+(?:\w+\s+)?(?:days|weeks|months)|\bno later than\b|\bdeadline\b|\bnotice period\b",
    re.IGNORECASE,
)
_CLAIM: Final = re.compile(
    r"\b(?:soutien(?:t|nent)|fai(?:t|sant) valoir|contest(?:e|ent|ant)\b|prétend|allègue|invoque|reproche"
    r"|sollicite|réclame|demande (?:la|le|les|l['’]|que|à|une?)\b|estime que|considère que|oppose"
    r"|argues?|claims?|alleges?|contends?|submits? that|disputes?)",
    re.IGNORECASE,
)
_RISK: Final = re.compile(
    r"\b(?:à défaut|sous peine|faute de|irrecevab|forclu|prescri(?:t|ption)|nullité|nul et|résiliation"
    r"|clause résolutoire|mise en demeure|expulsion|pénalit|astreinte|condamn|sanction|dommages"
    r"|failing which|penalt|breach|liable|damages|void\b)",
    re.IGNORECASE,
)
_ISSUE: Final = re.compile(
    r"\?\s*[»”\"]?\s*$|\bquestion de savoir\b|\blitige\b|\bdifférend\b|\bdésaccord\b|\bcontestation\b"
    r"|^\s*(?:objet|subject)\s*:|\bat issue\b|\bdispute\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Statement:
    """The sentence ``extract.text[start:end]``."""

    extract: Extract
    start: int
    end: int

    @cached_property
    def text(self) -> str:
        """The sentence as it stands in its document."""
        return self.extract.text[self.start : self.end]

    @cached_property
    def days(self) -> tuple[date, ...]:
        """The days it names, in order, without those that belong to the name of a legal text."""
        texts = [(found.start, found.end) for found in references_in(self.text)]
        return tuple(
            found.day
            for found in days_in(self.text)
            if not any(start <= found.start < end for start, end in texts)
        )

    @cached_property
    def weight(self) -> int:
        """How much of a fact it states: a day counts twice, an amount, people and an event once each."""
        signs = (_AMOUNT, _PARTY, _EVENT)
        return 2 * bool(self.days) + sum(bool(sign.search(self.text)) for sign in signs)

    @property
    def limits_time(self) -> bool:
        """Whether it sets a time limit."""
        return bool(_TIME_LIMIT.search(self.text))

    @property
    def claims(self) -> bool:
        """Whether it says what somebody maintains or asks for."""
        return bool(_CLAIM.search(self.text))

    @property
    def threatens(self) -> bool:
        """Whether it says what may follow that is unwelcome."""
        return bool(_RISK.search(self.text))

    @property
    def raises_an_issue(self) -> bool:
        """Whether it asks something, or names what is in dispute."""
        return bool(_ISSUE.search(self.text))


def statements_of(extracts: Iterable[Extract]) -> Iterator[Statement]:
    """Yield the sentences of the extracts, in order; titles, fragments and tables are left out."""
    seen: set[str] = set()
    for extract in extracts:
        for span in sentences(extract.text):
            statement = Statement(extract, span.start, span.end)
            words = " ".join(statement.text.lower().split())
            if _is_prose(statement.text) and words not in seen:
                seen.add(words)
                yield statement


def _is_prose(text: str) -> bool:
    return len(text) <= LONGEST and len(text.split()) >= _FEWEST_WORDS and not text.lstrip().startswith("#")
