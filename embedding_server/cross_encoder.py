"""The cross-encoder that judges passages by a question, run through sentence-transformers."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from embedding_server.errors import ConfigurationError
from embedding_server.models import Vectors, on_same_weights
from embedding_server.scheduler import Pair

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


@dataclass(slots=True)
class CrossEncoderModel:
    """A cross-encoder with one score on the CPU; a `models.LoadedModel` of pairs."""

    dimensions: ClassVar[int] = 1
    _model: CrossEncoder
    _tokenizer: Any
    _max_tokens: int
    _counting: threading.Lock

    def count_tokens(self, texts: Sequence[Pair]) -> list[int]:
        """Tokens the model will read of each pair (after truncation)."""
        questions, documents = zip(*texts, strict=True)
        with self._counting:
            encoded = self._tokenizer(
                list(questions), list(documents), truncation=False, padding=False, verbose=False
            )
        return [min(len(ids), self._max_tokens) for ids in encoded["input_ids"]]

    def encode(self, texts: Sequence[Pair]) -> Vectors:
        """A column of scores, the higher the better the document of the pair answers its question."""
        scores = self._model.predict(list(texts), batch_size=len(texts), show_progress_bar=False)
        return np.asarray(scores, dtype=np.float32).reshape(len(texts), 1)

    def twin(self) -> CrossEncoderModel:
        """The same on the same weights, for another thread."""
        return replace(self, _model=on_same_weights(self._model))


def load_cross_encoder(name: str, threads: int) -> CrossEncoderModel:
    """Load a cross-encoder by name or folder, to run on `threads` CPU threads.

    Raises `ConfigurationError`.
    """
    # Heavy: torch and transformers take seconds to import.
    import torch  # noqa: PLC0415
    from sentence_transformers import CrossEncoder  # noqa: PLC0415

    torch.set_num_threads(threads)
    try:
        model = CrossEncoder(name, device="cpu")
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The reranking model {name!r} cannot be loaded: {error} "
            "Give --rerank-model a folder or a name that sentence-transformers can find on this machine."
        ) from error
    if model.num_labels != 1:
        raise ConfigurationError(
            f"The reranking model {name!r} gives {model.num_labels} scores for a pair, not one; "
            "give --rerank-model a cross-encoder made for reranking."
        )
    return CrossEncoderModel(
        _model=model,
        # A tokenizer must not be used by two threads at once; the model thread has the original.
        _tokenizer=copy.deepcopy(model.tokenizer),
        _max_tokens=int(model.max_seq_length or 512),
        _counting=threading.Lock(),
    )
