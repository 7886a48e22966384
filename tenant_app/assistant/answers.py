"""What the assistant gives back, as values."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, get_args

from flask_babel import lazy_gettext

from tenant_app.assistant.checking import CheckedSentence
from tenant_app.assistant.citations import Citation
from tenant_app.assistant.near_misses import NearMiss
from tenant_app.assistant.provider import Reason
from tenant_app.billing.models import Mode
from tenant_app.errors import Text
from tenant_app.retrieval.language import Language

Notice = (
    Reason
    | Literal[
        "provider-not-configured",
        "provider-paused",
        "budget-spent",
        "search-degraded",
        "uncited",
        "unsupported",
    ]
)

NOT_FOUND: dict[Language, str] = {
    "fr": "Je n'ai pas trouvé la réponse dans vos documents.",
    "en": "I could not find the answer in your documents.",
}

_EXTRACTED = lazy_gettext("La réponse est extraite de vos documents.")
PASSING: Final = frozenset({*get_args(Reason), "provider-paused", "budget-spent", "search-degraded"})
"""Notices of what may be otherwise a moment later: such an answer is not remembered."""
NOTICES: dict[str, Text] = {
    "provider-not-configured": _EXTRACTED,
    "provider-paused": lazy_gettext(
        "Le service d'IA est en panne ; en attendant, la réponse est extraite de vos documents."
    ),
    "provider-timeout": lazy_gettext(
        "Le service d'IA n'a pas répondu à temps ; la réponse est extraite de vos documents."
    ),
    "provider-rate-limited": lazy_gettext(
        "Le service d'IA est saturé ; la réponse est extraite de vos documents."
    ),
    "provider-refused": lazy_gettext(
        "Le service d'IA a refusé l'accès ; la réponse est extraite de vos documents."
    ),
    "provider-error": lazy_gettext(
        "Le service d'IA a renvoyé une erreur ; la réponse est extraite de vos documents."
    ),
    "provider-cut": lazy_gettext(
        "Le service d'IA s'est interrompu ; la réponse est extraite de vos documents."
    ),
    "provider-empty": lazy_gettext(
        "Le service d'IA n'a rien répondu ; la réponse est extraite de vos documents."
    ),
    "search-degraded": lazy_gettext(
        "La recherche par le sens est indisponible : seuls les mots de la question ont été cherchés."
    ),
    "budget-spent": lazy_gettext(
        "Le budget du mois pour le service d'IA est épuisé ; la réponse est extraite de vos documents."
    ),
    "unsupported": lazy_gettext(
        "Une partie de la réponse n'est pas étayée par les passages cités ; elle est signalée dans le texte."
    ),
    "withheld": lazy_gettext(
        "Ce que cette réponse tirait d'un document que vous ne pouvez plus consulter n'est plus affiché."
    ),
    "uncited": lazy_gettext("Cette réponse ne cite aucun passage : vérifiez-la."),
}
"""What each notice says to the reader; the codes never change."""


@dataclass(frozen=True)
class AnswerUsage:
    """What the answer took (tokens, euros owed to the provider), and where the month stands with it."""

    month: str
    tokens_in: int
    tokens_out: int
    cost: Decimal
    requests_used: int
    requests_limit: int | None


@dataclass(frozen=True)
class Answer:
    """One answer. ``found`` is False when the documents do not answer.

    When it is not kept, ids are None and nothing is suggested to ask next.
    """

    text: str
    mode: Mode
    found: bool
    language: Language
    citations: tuple[Citation, ...]
    sentences: tuple[CheckedSentence, ...]
    near_misses: tuple[NearMiss, ...]
    notices: tuple[Notice, ...]
    prompt_version: str | None
    usage: AnswerUsage
    conversation_id: int | None = None
    turn_id: int | None = None
    next_questions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sentence:
    """Streamed: text that is part of the answer, its citations verified; ``supported`` as in ``Verdict``."""

    text: str
    supported: bool | None = None


@dataclass(frozen=True)
class Restart:
    """Streamed: the sentences so far are void, another answer begins."""


@dataclass(frozen=True)
class Done:
    """Streamed last: the whole answer."""

    answer: Answer


Event = Sentence | Restart | Done
