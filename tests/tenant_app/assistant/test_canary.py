"""A client finds its own canary, whatever its words are, and not one that was never planted."""

import random
import string

import pytest
from pydantic import SecretStr

from tenant_app import canary
from tenant_app.canary import Canary, Sought
from tenant_app.services import Services
from tests.tenant_app.assistant.test_from_upload_to_answer import settings, shelf
from tests.tenant_app.conftest import PASSWORD
from tests.tenant_app.library.shelf import Shelf
from tests.tenant_app.waiting import wait_until

__all__ = ["settings", "shelf"]


def some_words(seed: int) -> str:
    drawn = random.Random(seed)  # noqa: S311 - the same ones each time
    return " ".join("".join(drawn.choices(string.ascii_lowercase, k=12)) for _ in range(3))


@pytest.mark.parametrize("seed", range(3))
def test_it_is_found_by_search_and_by_chat(shelf: Shelf, services: Services, seed: int) -> None:
    words = some_words(seed)
    planted = Canary(words, "temoin", SecretStr(PASSWORD), SecretStr(f"sk_professional_{'k' * 43}"))
    canary.plant(services, planted)
    wait_until(lambda: services.library.pending() == 0, "the canary is indexed")
    assert canary.seek(services, words) == Sought(search=True, chat=True)
    assert canary.seek(services, some_words(seed + 100)) == Sought(search=False, chat=False)
    canary.clear(services)
    assert canary.seek(services, words) == Sought(search=False, chat=False)
