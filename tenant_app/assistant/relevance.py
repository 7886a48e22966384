"""Whether a passage found has anything to do with the question: the rule behind "not in your documents".

Search always returns its best passages, however bad. ``Hit.lexical`` (the share of the question's telling
terms the passage holds) and ``Hit.dense`` (the cosine of their meanings) may be compared between questions,
so thresholds on them decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tenant_app.retrieval.search import Hit


@dataclass(frozen=True)
class Thresholds:
    """A passage counts when one of the three holds: alike in words, in meaning, or somewhat in both."""

    lexical: float
    dense: float
    both_lexical: float
    both_dense: float

    def admit(self, hit: Hit) -> bool:
        """Return whether the passage counts."""
        return (
            hit.lexical >= self.lexical
            or hit.dense >= self.dense
            or (hit.lexical >= self.both_lexical and hit.dense >= self.both_dense)
        )


QUOTED: Final = Thresholds(lexical=0.45, dense=0.60, both_lexical=0.25, both_dense=0.40)
"""What may be quoted as the answer with nobody reading it first."""
READ: Final = Thresholds(lexical=0.20, dense=0.40, both_lexical=0.10, both_dense=0.25)
"""What is worth giving to a language model, which itself says when the passages do not answer."""


def admitted(hits: Sequence[Hit], thresholds: Thresholds) -> tuple[Hit, ...]:
    """Return the passages that count, in the order found; none means: not in the documents."""
    return tuple(hit for hit in hits if thresholds.admit(hit))
