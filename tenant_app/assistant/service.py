"""The assistant: one question in, one counted, kept and cited answer out, whole or sentence by sentence."""

from dataclasses import replace

from flask_babel import lazy_gettext

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.security_log import SecurityLog
from tenant_app.assistant.abuse import Repetitions, looks_like_injection
from tenant_app.assistant.answer_cache import AnswerCache
from tenant_app.assistant.answers import Answer
from tenant_app.assistant.asking import Asked
from tenant_app.assistant.checking import Checker
from tenant_app.assistant.composing import Composer, Draft
from tenant_app.assistant.conversations import Conversations
from tenant_app.assistant.provider import Provider
from tenant_app.assistant.provider_health import ProviderHealth
from tenant_app.assistant.question import accept_question
from tenant_app.assistant.running import Bench, RunningAnswer
from tenant_app.assistant.topics import Topics
from tenant_app.billing.service import Billing
from tenant_app.case_files import find_case
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import InvalidInput, NotFound, RateLimited, Unavailable
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
        security: SecurityLog,
        billing: Billing,
        streams: StreamSlots,
    ) -> None:
        self.conversations = Conversations(database, clock)
        self._settings = settings
        self._database = database
        self.provider = Provider(settings)
        self.health = ProviderHealth()
        self._cache = AnswerCache(database, settings, clock)
        self._streams = streams
        self._security = security
        self._repetitions = Repetitions(clock)
        self.topics = Topics(database)
        self._bench = Bench(
            settings=settings,
            search=search,
            composer=Composer(
                settings, self.provider, self.health, Checker(database, embeddings), billing.budget
            ),
            conversations=self.conversations,
            ledger=billing.ledger,
            budget=billing.budget,
            cache=self._cache,
        )

    def open(self, actor: Actor, asked: Asked) -> RunningAnswer:
        """Accept a question: a request is counted, and a stream is taken until the answer is closed.

        Raises InvalidInput, NotFound (the conversation), Unavailable (every stream is taken), QuotaExceeded,
        RateLimited or Forbidden (the plan has ended); nothing is then counted.
        """
        self._accept(actor, asked.question)
        if asked.conversation_id is not None:
            case_id = self.conversations.case_of(actor, asked.conversation_id)
            if asked.case_id not in (None, case_id):
                raise InvalidInput(lazy_gettext("Cette conversation porte sur un autre dossier."))
            asked = replace(asked, case_id=case_id)
        if asked.case_id is not None:
            self._require_case(actor, asked.case_id)
        # The unit first: of many calls at once, those beyond the quota are told so rather than "busy".
        reservation = self._bench.ledger.reserve(actor)
        try:
            self._streams.acquire()
        except Unavailable:
            self._bench.ledger.give_back(reservation)
            raise
        return RunningAnswer(self._bench, actor, asked, reservation, self._streams.release)

    def _accept(self, actor: Actor, question: str) -> None:
        """Raise InvalidInput or RateLimited for what is not accepted; the security log keeps why."""
        who = {"user_id": actor.user_id, "key_id": actor.key_id}
        try:
            accept_question(question, self._settings.max_question_chars)
            self._repetitions.count(actor, question)
        except InvalidInput as refusal:
            self._security.note("refused-input", refusal.code, **who)
            raise
        except RateLimited as refusal:
            self._security.note("spam", refusal.code, **who)
            raise
        if looks_like_injection(question):
            self._security.note("injection", "prompt-injection", **who)

    def _require_case(self, actor: Actor, case_id: int) -> None:
        with self._database.read() as session:
            if find_case(session, actor, case_id) is None:
                raise NotFound(lazy_gettext("Ce dossier n'existe pas."))

    def open_again(self, actor: Actor, conversation_id: int, turn_id: int) -> RunningAnswer:
        """Answer the last question of a conversation once more, which counts one request; see ``open``."""
        turn = self.conversations.question_of(actor, conversation_id, turn_id)
        return self.open(actor, Asked(turn.question, conversation_id, again=turn_id))

    def answer(self, actor: Actor, asked: Asked) -> Answer:
        """Answer whole; raises what ``open`` raises."""
        return self.open(actor, asked).whole()

    def rehearse(self, actor: Actor, question: str) -> str:
        """Return what the documents alone answer; nothing is counted or kept, and no model is asked."""
        draft = Draft(question, self._settings.language_default, month="", sought=question)
        found = self._bench.search.search(actor, question, self._settings.retrieval_depth)
        draft.language = found.language or draft.language
        return "".join(sentence.text for sentence in self._bench.composer.quote(draft, found))

    def start(self) -> None:
        """Return at once: nothing of the assistant runs beside the requests."""

    def stop(self) -> None:
        """Close the connections to the provider."""
        self.provider.close()
