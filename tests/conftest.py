"""Fixtures every test may use."""

from hypothesis import settings as hypothesis_settings

from tests.browser_fixture import browser
from tests.embedding_server_fixture import embedding_server
from tests.reranking_server_fixture import reranking_server

__all__ = ["browser", "embedding_server", "reranking_server"]

# A loaded machine is not a bug: examples are limited in number, not in time.
hypothesis_settings.register_profile("tenantry", deadline=None, max_examples=60)
hypothesis_settings.load_profile("tenantry")
