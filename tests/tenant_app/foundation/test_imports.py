"""What a tenant's process loads: little for a page, and never torch."""

import subprocess
import sys

import pytest

from tests.tenant_app.instance import Instance, make_instance

NOT_FOR_A_PAGE = {
    "alembic",
    "chromadb",
    "docx",
    "httpx",
    "numpy",
    "openai",
    "pypdf",
    "pypdfium2",
    "rich",
    "sentence_transformers",
    "structlog",
    "torch",
    "transformers",
}
SERVE_PAGES = """
import sys
from tenant_app.factory import create_app
from tenant_app.settings import load_settings
client = create_app(load_settings()).test_client()
assert client.get("/login").status_code == 200
assert client.get("/readyz").status_code == 200
print(*{name.partition(".")[0] for name in sys.modules})
"""
IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
import tenant_app
for module in pkgutil.walk_packages(tenant_app.__path__, "tenant_app."):
    if not module.name.endswith(("__main__", "migrations.env")) and ".versions." not in module.name:
        importlib.import_module(module.name)
import chromadb, openai
print(*{name.partition(".")[0] for name in sys.modules})
"""


@pytest.fixture
def instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    instance = make_instance(tmp_path_factory.mktemp("imports"))
    instance.init()
    return instance


def modules(instance: Instance, program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=instance.environ, check=True
    )
    return set(done.stdout.split())


def test_the_sign_in_page_needs_nothing_heavy(instance: Instance) -> None:
    loaded = modules(instance, SERVE_PAGES)
    assert "flask" in loaded
    assert loaded & NOT_FOR_A_PAGE == set()


def test_nothing_a_tenant_ever_imports_brings_torch(instance: Instance) -> None:
    loaded = modules(instance, IMPORT_EVERYTHING)
    assert "chromadb" in loaded
    assert loaded & {"torch", "sentence_transformers", "transformers"} == set()
