"""Composing one answer from the passages found: by the model when there is one, else by extraction.

What comes out is a stream of events that ends with the text, its citations and how it was made; nothing here
counts, keeps or knows who asks.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from tenant_app.assistant.answer_cache import Remembered
from tenant_app.assistant.answers import NOT_FOUND, Notice, Restart, Sentence
from tenant_app.assistant.checking import CheckedSentence, Checker, checked_sentences
from tenant_app.assistant.citations import (
    Citation,
    Numbering,
    marks_in,
    without_marks,
    without_references,
)
from tenant_app.assistant.extraction import best_quotes, closest_sentence
from tenant_app.assistant.near_misses import NearMiss, near_misses
from tenant_app.assistant.prompting import NO_ANSWER, VERSION, Packed, pack
from tenant_app.assistant.provider import Consumption, Message, Provider, ProviderFailed, highest_price
from tenant_app.assistant.provider_health import ProviderHealth
from tenant_app.assistant.relevance import QUOTED, READ, admitted
from tenant_app.assistant.sentences import sentence_starts, sentences
from tenant_app.billing.budget import Budget
from tenant_app.billing.models import Mode
from tenant_app.retrieval.language import Language
from tenant_app.retrieval.search import Hit, SearchAnswer
from tenant_app.settings import Settings

_BULLETS: Final = "-–—•*# "
_PARAGRAPH: Final = "\n\n"
REMEMBERED: Final = (
    "text", "mode", "found", "language", "citations", "sentences", "near_misses", "prompt_version"
)  # fmt: skip
_WRAPPING: Final = ' \t\n`*."«»'


@dataclass
class Draft:
    """An answer being composed; complete when ``Composer.compose`` ends."""

    question: str
    language: Language
    month: str
    history: Sequence[Message] = ()
    sought: str = ""
    """What was searched for: the question, in a follow-up with the words it leans on."""
    text: str = ""
    mode: Mode = "local"
    found: bool = False
    citations: tuple[Citation, ...] = ()
    sentences: tuple[CheckedSentence, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    notices: list[Notice] = field(default_factory=list)
    prompt_version: str | None = None
    consumption: Consumption = field(default_factory=Consumption)
    hold_id: int | None = None
    """What the call to the model may cost at most, held in the month's budget until the answer is settled."""
    from_cache: bool = False

    def repeat(self, answer: Remembered) -> Iterator[Sentence]:
        """Become an answer given before, yielding its sentences."""
        self.from_cache = True
        for name in REMEMBERED:
            setattr(self, name, getattr(answer, name))
        self.notices = [*answer.notices]
        support = {one.start: one.supported for one in answer.sentences}
        starts = [0, *sentence_starts(self.text), len(self.text)]
        for start, end in pairwise(starts):
            yield Sentence(self.text[start:end], support.get(start, True))

    def remembered(self) -> Remembered:
        """Return what of the complete draft would be the same for anybody with the same rights."""
        kept = {name: getattr(self, name) for name in REMEMBERED}
        return Remembered(**kept, notices=tuple(self.notices))


class Composer:
    """Writes answers for one instance."""

    def __init__(
        self,
        settings: Settings,
        provider: Provider,
        health: ProviderHealth,
        checker: Checker,
        budget: Budget,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._health = health
        self._checker = checker
        self._budget = budget

    def compose(self, draft: Draft, found: SearchAnswer) -> Iterator[Sentence | Restart]:
        """Fill the draft, yielding its sentences as they are certain.

        A provider that fails never fails the answer: it is then extracted, and a notice says why.
        """
        quotable = admitted(draft.sought, found, draft.language, QUOTED)
        close = admitted(draft.sought, found, draft.language, READ)
        draft.near_misses = near_misses(draft.sought, close, draft.language)
        if not quotable:
            yield from _not_found(draft)
            return
        trouble = self._trouble()
        if trouble is None:
            trouble = yield from self._try_model(draft, close)
        if trouble is not None:
            draft.notices.append(trouble)
            yield from self._extracted(draft, quotable)
        if draft.found:
            draft.near_misses = ()

    def quote(self, draft: Draft, found: SearchAnswer) -> Iterator[Sentence]:
        """Fill the draft with the documents' own sentences; no model is asked."""
        quotable = admitted(draft.sought, found, draft.language, QUOTED)
        yield from self._extracted(draft, quotable) if quotable else _not_found(draft)

    def _trouble(self) -> Notice | None:
        """Return why the model is not asked, if it is not."""
        if not self._provider.configured:
            return "provider-not-configured"
        return None if self._health.worth_asking() else "provider-paused"

    def _try_model(
        self, draft: Draft, passages: Sequence[Hit]
    ) -> Generator[Sentence | Restart, None, Notice | None]:
        """Let the model write; return why it could not, if it could not."""
        packed = pack(self._settings, draft.question, passages, draft.language, draft.history)
        price = highest_price(self._settings, packed.messages)
        draft.hold_id = self._budget.hold(draft.month, price)
        if draft.hold_id is None:
            return "budget-spent"
        shown = False
        try:
            for sentence in self._written(draft, packed):
                shown = True
                yield sentence
        except ProviderFailed as failure:
            self._health.failed(failure.reason)
            if shown:
                yield Restart()
            return failure.reason
        self._health.answered()
        return None

    def _written(self, draft: Draft, packed: Packed) -> Iterator[Sentence]:
        numbering = Numbering(packed.passages)
        check = self._checker.begin(packed.passages, draft.language)
        declined = False
        parts: list[str] = []
        for raw in whole_sentences(self._provider.write(packed.messages, draft.consumption)):
            if raw.strip(_WRAPPING) == NO_ANSWER:
                declined = True
                continue
            parts.append(without_references(numbering.verified(raw)))
            cited = (
                numbering.indexes[number] for number in marks_in(parts[-1]) if number in numbering.indexes
            )
            yield Sentence(parts[-1], check.verdict(parts[-1], cited).supported)
        # A construct may span two sentences, so the whole text is looked at once more.
        text = without_references("".join(parts)).strip()
        if not text and not declined:
            raise ProviderFailed("provider-empty")
        draft.mode, draft.prompt_version = "llm", VERSION
        if not text:
            yield from _not_found(draft)
            return
        draft.found, draft.text = True, text
        draft.citations = tuple(_cited(number, hit, text, draft.language) for number, hit in numbering.used())
        draft.sentences = tuple(checked_sentences(text, check, numbering.indexes))
        if not draft.citations:
            draft.notices.append("uncited")
        if any(sentence.supported is False for sentence in draft.sentences):
            draft.notices.append("unsupported")

    def _extracted(self, draft: Draft, passages: Sequence[Hit]) -> Iterator[Sentence]:
        quotes = best_quotes(draft.sought, passages, draft.language)
        if not quotes:
            yield from _not_found(draft)
            return
        parts: list[str] = []
        for number, quote in enumerate(quotes, start=1):
            parts.append(f"{_PARAGRAPH if parts else ''}{_readable(quote.said)} [{number}]")
            # The passage's own words, which are no statement where they are a heading.
            yield Sentence(parts[-1], supported=True)
        draft.found, draft.text = True, "".join(parts)
        draft.citations = tuple(
            _citation(number, passages[quote.index], quote.text)
            for number, quote in enumerate(quotes, start=1)
        )
        indexes = {number: quote.index for number, quote in enumerate(quotes, start=1)}
        check = self._checker.begin(passages, draft.language)
        draft.sentences = tuple(checked_sentences(draft.text, check, indexes))


def whole_sentences(pieces: Iterable[str]) -> Iterator[str]:
    """Join the pieces and yield them again cut at the ends of sentences; nothing is lost between them."""
    pending = ""
    for piece in pieces:
        pending += piece
        starts = [0, *sentence_starts(pending)]
        for start, end in pairwise(starts):
            yield pending[start:end]
        pending = pending[starts[-1] :]
    if pending:
        yield pending


def _not_found(draft: Draft) -> Iterator[Sentence]:
    draft.found, draft.citations, draft.sentences = False, (), ()
    draft.text = NOT_FOUND[draft.language]
    yield Sentence(draft.text)


def _readable(quote: str) -> str:
    """Return a quote on one line, without the bullet it may begin with nor anything that is not words."""
    return " ".join(without_references(without_marks(quote)).split()).lstrip(_BULLETS)


def _cited(number: int, hit: Hit, answer: str, language: Language) -> Citation:
    claims = [answer[span.start : span.end] for span in sentences(answer)]
    citing = " ".join(claim for claim in claims if f"[{number}]" in claim)
    return _citation(number, hit, closest_sentence(citing, hit.passage, language))


def _citation(number: int, hit: Hit, quote: str) -> Citation:
    return Citation(
        n=number,
        chunk_id=hit.chunk_id,
        document_id=hit.document_id,
        document=hit.document,
        page=hit.page,
        passage=hit.passage,
        quote=quote,
        score=hit.score,
    )
