"""What embedding models want before a question and a passage, and how vectors say what they had.

Models that were trained with a prefix find worse without it, and vectors of passages with and without one
must not be mixed: the passages' prefix is part of the model's name that is stored with each vector. The
questions' prefix changes no stored vector and is not part of it.

The host may name the prefixes of its model itself; they then take the place of those known here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from tenant_app.settings import Settings

_SEPARATOR: Final = " + "
"""Between a model's name, which has no spaces, and the prefix of the passages."""


@dataclass(frozen=True)
class Prefixes:
    """Texts put before a question and before a passage, spaces included; empty for most models."""

    question: str = ""
    passage: str = ""


_TASK: Final = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: "
_RELEVANT_PASSAGES: Final = "Represent this sentence for searching relevant passages: "
_KNOWN: Final[tuple[tuple[re.Pattern[str], Prefixes], ...]] = tuple(
    (re.compile(pattern), prefixes)
    for pattern, prefixes in (
        (r"(?<![a-z0-9])e5-.*instruct\b", Prefixes(_TASK)),
        (r"(?<![a-z0-9])e5-", Prefixes("query: ", "passage: ")),
        (r"(?<![a-z0-9])bge-(small|base|large)-en\b", Prefixes(_RELEVANT_PASSAGES)),
        (r"(?<![a-z0-9])mxbai-embed-large\b", Prefixes(_RELEVANT_PASSAGES)),
        (r"(?<![a-z0-9])arctic-embed-.*v2\b", Prefixes("query: ")),
        (r"(?<![a-z0-9])arctic-embed\b", Prefixes(_RELEVANT_PASSAGES)),
        (r"(?<![a-z0-9])nomic-embed-text\b", Prefixes("search_query: ", "search_document: ")),
    )
)


def prefixes_of(model: str) -> Prefixes:
    """Return the prefixes of a model by the last part of its name or folder; the first pattern decides.

    Source: the usage sections of the models' own cards: intfloat (E5; the "instruct" ones name a task before
    the question only), BAAI (BGE; bge-m3 has none), mixedbread-ai (mxbai), Snowflake (Arctic Embed 1 and 2)
    and nomic-ai (Nomic Embed Text).
    """
    name = model.rstrip("/").rpartition("/")[2].lower()
    return next((prefixes for pattern, prefixes in _KNOWN if pattern.search(name)), Prefixes())


Given = Mapping[str, Prefixes]
"""Prefixes the host names itself, by model."""

NONE_GIVEN: Final[Given] = MappingProxyType({})


def given_prefixes(settings: Settings) -> Given:
    """Return the prefixes the host names for its model; empty when it leaves them to what is known."""
    given = settings.embedding_prefixes
    return {settings.embedding_model: Prefixes(given.question, given.passage)} if given else NONE_GIVEN


def configured_name(settings: Settings) -> str:
    """Return what is stored with a vector of the configured model."""
    return stored_name(settings.embedding_model, given_prefixes(settings))


def stored_name(model: str, given: Given = NONE_GIVEN) -> str:
    """Return what is stored with a vector of a passage: the model's name and the passage's prefix, if any."""
    prefix = (given.get(model) or prefixes_of(model)).passage
    return f"{model}{_SEPARATOR}{prefix}" if prefix else model


def read_stored_name(stored: str, given: Given = NONE_GIVEN) -> tuple[str, Prefixes]:
    """Return a model's name, and the prefixes that go with the vectors stored under this name.

    When its passages had another prefix than the model wants (they were embedded before it was known, or
    given), the questions go with what is known to belong to that one, or without any, until the passages are
    embedded again.
    """
    model, _, passage = stored.partition(_SEPARATOR)
    possible = (*([given[model]] if model in given else []), prefixes_of(model))
    paired = (prefixes for prefixes in possible if prefixes.passage == passage)
    return model, next(paired, Prefixes(passage=passage))
