"""Fixtures of these tests."""

from __future__ import annotations

from tests.embedding_server_fixture import embedding_server

__all__ = ["embedding_server"]
