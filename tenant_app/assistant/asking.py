"""A question as it is asked, and what it means in its conversation."""

from collections.abc import Sequence
from dataclasses import dataclass

from tenant_app.assistant.provider import Message


@dataclass(frozen=True)
class Asked:
    """A question as it is asked.

    ``conversation_id`` continues a conversation; one begun now is about ``case_id``, if any. ``again`` is
    the turn whose answer this one takes the place of: the one remembered is not given again. With ``keep``
    False no conversation is kept, and ``history`` holds what was said before.
    """

    question: str
    conversation_id: int | None = None
    case_id: int | None = None
    again: int | None = None
    history: Sequence[Message] = ()
    keep: bool = True
