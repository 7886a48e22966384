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
# What these share (booted machines, a browser's tenant) is started by one process only.
_TOGETHER = frozenset({"drivers", "pages"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest folders first, and give each file, or a whole folder, to one test process."""
    items.sort(key=_rank)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _rank(item: pytest.Item) -> int:
    folder = _place(item)[0]
    return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else len(_LONGEST_FIRST)


def _group(item: pytest.Item) -> str:
    folder = _place(item)[0]
    return folder if folder in _TOGETHER else "/".join(_place(item))


def _place(item: pytest.Item) -> tuple[str, ...]:
    return item.path.relative_to(_TESTS).parts
