"""Fixtures every test may use, and the order in which two test processes share the tests."""

from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from tests.browser_fixture import browser
from tests.embedding_server_fixture import embedding_server
from tests.reranking_server_fixture import reranking_server

__all__ = ["browser", "embedding_server", "reranking_server"]

# A loaded machine is not a bug: examples are limited in number, not in time.
hypothesis_settings.register_profile("tenantry", deadline=None, max_examples=60)
hypothesis_settings.load_profile("tenantry")

_TESTS = Path(__file__).parent
# Whole programs take longest: whoever began with the quick tests would leave one process idle at the end.
_LONGEST_FIRST = ("drivers", "pages", "provisioner", "tenant_app")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest folders first; the test processes take the files in this order."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(_TESTS).parts[0]
    return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else len(_LONGEST_FIRST)
