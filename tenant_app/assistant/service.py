"""The assistant: one question in, one counted, kept and cited answer out, whole or sentence by sentence."""

from tenant_app.accounts.actor import Actor
from tenant_app.assistant.answers import Answer, Done
from tenant_app.assistant.checking import Checker
from tenant_app.assistant.composing import Composer
from tenant_app.assistant.conversations import Conversations
from tenant_app.assistant.provider import Provider
from tenant_app.assistant.provider_health import ProviderHealth
from tenant_app.assistant.question import accept_question
from tenant_app.assistant.running import Asked, Bench, RunningAnswer
from tenant_app.billing.service import Billing
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Unavailable
from tenant_app.retrieval.embedding import EmbeddingClient
from tenant_app.retrieval.search import Search
from tenant_app.settings import Settings
from tenant_app.streams import StreamSlots


class Assistant:
    """Answers questions from the documents of one instance."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        *,
        search: Search,
        embeddings: EmbeddingClient,
        billing: Billing,
        streams: StreamSlots,
    ) -> None:
        self.conversations = Conversations(database, clock)
        self._settings = settings
        self._provider = Provider(settings)
        self._streams = streams
        self._bench = Bench(
            settings=settings,
            search=search,
            composer=Composer(settings, self._provider, ProviderHealth(), Checker(database, embeddings)),
            conversations=self.conversations,
            ledger=billing.ledger,
        )

    def open(self, actor: Actor, asked: Asked) -> RunningAnswer:
        """Accept a question: a request is counted, and a stream is taken until the answer is closed.

        Raises InvalidInput, NotFound (the conversation), Unavailable (every stream is taken), QuotaExceeded,
        RateLimited or Forbidden (the plan has ended); nothing is then counted.
        """
        accept_question(asked.question, self._settings.max_question_chars)
        if asked.conversation_id is not None:
            self.conversations.require(actor, asked.conversation_id)
        # The unit first: of many calls at once, those beyond the quota are told so rather than "busy".
        reservation = self._bench.ledger.reserve(actor)
        try:
            self._streams.acquire()
        except Unavailable:
            self._bench.ledger.give_back(reservation)
            raise
        return RunningAnswer(self._bench, actor, asked, reservation, self._streams.release)

    def answer(self, actor: Actor, asked: Asked) -> Answer:
        """Answer whole; raises what ``open`` raises."""
        with self.open(actor, asked) as running:
            *_, last = running
        assert isinstance(last, Done)
        return last.answer

    def start(self) -> None:
        """Return at once: nothing of the assistant runs beside the requests."""

    def stop(self) -> None:
        """Close the connections to the provider."""
        self._provider.close()
