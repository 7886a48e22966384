"""A library at work: the real application, its worker thread and the real embedding server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.embedding_server_fixture import EmbeddingServer
from tests.tenant_app.environment import environment
from tests.tenant_app.library.shelf import Shelf


@pytest.fixture
def settings(data_dir: Path, embedding_server: EmbeddingServer) -> Settings:
    """Return the settings of a tenant whose embedding server runs."""
    return Settings.model_validate(environment(data_dir, embedding_socket=str(embedding_server.socket)))


@pytest.fixture
def shelf(client: FlaskClient, member: dict[str, str]) -> Shelf:
    """Return the library as a member sees it over HTTP; its worker does not run yet."""
    return Shelf(client, member)


@pytest.fixture
def working(services: Services, shelf: Shelf) -> Iterator[Shelf]:
    """Return the library with its worker at work."""
    services.start()
    yield shelf
    services.close()
