"""With a language model behind it: the mode is shown, and a failing provider never leaves somebody alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tenant_app.assistant.provider_simulator import Behaviour, ProviderSimulator
from tests.embedding_server_fixture import EmbeddingServer
from tests.pages.conftest import OpenPage, ask, sign_in_on
from tests.pages.documents import LEASE
from tests.pages.tenant import ADMIN, served_tenant

QUESTION = "Quel est le préavis du locataire pour donner congé ?"


@contextmanager
def provider(behaviour: Behaviour) -> Iterator[ProviderSimulator]:
    """Serve the simulated provider."""
    simulator = ProviderSimulator(0, behaviour)
    thread = threading.Thread(target=simulator.serve_forever)
    thread.start()
    try:
        yield simulator
    finally:
        simulator.shutdown()
        simulator.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("behaviour", "shown"),
    [
        ("echo", "Rédigée par l’assistant IA, sources vérifiées"),
        ("error-500", "Réponse extraite de vos documents (mode local)"),
        ("cut", "Réponse extraite de vos documents (mode local)"),
    ],
)
def test_the_page_says_who_answered(
    open_page: OpenPage,
    tmp_path: Path,
    embedding_server: EmbeddingServer,
    behaviour: Behaviour,
    shown: str,
) -> None:
    with (
        provider(behaviour) as simulator,
        served_tenant(
            tmp_path,
            embedding_server.socket,
            openai_base_url=simulator.base_url,
            openai_api_key="test-key-of-the-simulated-provider",
        ) as tenant,
    ):
        tenant.add_document("contrat-de-bail.md", LEASE)
        page = open_page(tenant.url)
        sign_in_on(page, ADMIN)
        ask(page, QUESTION)

        expect(page.locator(".turn > footer")).to_contain_text(shown)
        expect(page.locator(".sources li").first).to_contain_text("contrat-de-bail.md")
        if behaviour != "echo":
            expect(page.locator(".turn .notice")).to_contain_text("la réponse est extraite de vos documents")


def test_nothing_a_poisoned_document_a_model_or_a_name_says_runs_or_asks_anything_of_anybody(
    open_page: OpenPage, tmp_path: Path, embedding_server: EmbeddingServer
) -> None:
    hostile = "<img src=x onerror=alert(1)><script>window.stolen=1</script>"
    with (
        provider("obey") as simulator,
        served_tenant(
            tmp_path, embedding_server.socket, openai_base_url=simulator.base_url, client_name=hostile
        ) as tenant,
    ):
        tenant.add_document("<img src=y onerror=alert(2)>.md", LEASE)
        page = open_page(tenant.url)
        sign_in_on(page, ADMIN)
        # The page itself fails the test when it asks another host for anything (see ``open_page``).
        ask(page, QUESTION)
        page.reload()
        page.locator(".turn > footer").wait_for()

        assert page.locator(".answer img, .answer script, .answer a:not(.cite)").count() == 0
        assert page.locator("img[src='x'], img[src='y']").count() == 0
        assert page.evaluate("window.stolen") is None
        expect(page.locator(".brand")).to_contain_text(hostile)
        expect(page.locator(".sources li").first).to_contain_text("<img src=y onerror=alert(2)>.md")
