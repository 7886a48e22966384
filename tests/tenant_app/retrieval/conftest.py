"""A library of passages with made-up vectors, over a real database and a real Chroma."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tenant_app.database import Database
from tests.tenant_app.retrieval.passages_sample import PassagesSample


@pytest.fixture
def passages(data_dir: Path) -> Iterator[PassagesSample]:
    """Return an empty library; add passages to it."""
    database = Database(data_dir / "tenant.sqlite3")
    yield PassagesSample(database)
    database.close()
