"""A real local root, shared: starting one costs seconds, mostly the embedding model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.provisioner.local_root import LocalRoot


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRoot]:
    """A root whose shared programs run. Tests use client ids of their own."""
    root = LocalRoot.begin(tmp_path_factory.mktemp("host"))
    begun = root.provision("host", "init")
    assert begun.code == 0, begun.said
    yield root
    stopped = root.provision("host", "stop")
    assert stopped.code == 0, stopped.said
