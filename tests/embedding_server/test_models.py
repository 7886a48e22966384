"""The default model is the published one, byte for byte, or it is not served."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from embedding_server.errors import ConfigurationError
from embedding_server.models import bundled_model_folder, load_model, verify_weights


def test_the_packaged_weights_are_the_published_ones() -> None:
    assert (bundled_model_folder() / "model.safetensors").is_file()


def test_one_changed_byte_is_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    shutil.copyfile(bundled_model_folder() / "model.safetensors", weights)
    with weights.open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 1]))

    with pytest.raises(
        ConfigurationError, match=r"is not the published model: SHA-256 .* Reinstall the package"
    ):
        verify_weights(weights)


def test_a_file_is_compared_with_the_hash_it_is_expected_to_have(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.write_bytes(b"anything")

    verify_weights(weights, hashlib.sha256(b"anything").hexdigest())


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent.safetensors.*scripts/setup"):
        verify_weights(tmp_path / "absent.safetensors")


def test_a_folder_that_holds_no_model_is_refused_with_a_mend(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")

    with pytest.raises(ConfigurationError, match=r"cannot be loaded.*--model"):
        load_model(str(tmp_path), threads=1)
