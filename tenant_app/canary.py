"""What only this instance knows: planted for a moment, to show that no other client reaches it.

A document with random words, an account and an API key. None of it is refused for a full plan, none of it is
counted or paid for, and ``clear`` leaves nothing of it.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from tenant_app.accounts.actor import OPERATOR
from tenant_app.services import Services

DOCUMENT: Final = "tenantry-preuve-isolation.txt"
KEY: Final = "preuve-isolation"
DOMAIN: Final = "preuve-isolation.test"
"""Nobody can have an address in it (RFC 6761, 6.2)."""
_SENTENCE: Final = "Preuve d'isolation entre clients : les mots témoins sont {words}.\n"
_TOP: Final = 10


@dataclass(frozen=True)
class Canary:
    """Random words and credentials; ``name`` is the account's, before the ``@``."""

    words: str
    name: str
    password: SecretStr
    api_key: SecretStr

    @property
    def email(self) -> str:
        """The account's address."""
        return f"{self.name}@{DOMAIN}"


@dataclass(frozen=True)
class Sought:
    """Whether some words come up here: in the passages of a search, in an answer of the assistant."""

    search: bool
    chat: bool


@dataclass(frozen=True)
class Planted:
    """The account's address and an access token of it, and the SHA-256 its document's file is kept under."""

    email: str
    access_token: str
    sha256: str


def plant(services: Services, canary: Canary) -> Planted:
    """Plant a canary in the place of any other. Raises InvalidInput for a password or key that is none."""
    clear(services)
    invited = services.accounts.users.create(canary.email, "viewer", canary.password, takes_seat=False)
    token = services.accounts.sessions.open_api(invited.user.id).access_token
    services.accounts.keys.replace(KEY, canary.api_key)
    content = _SENTENCE.format(words=canary.words).encode()
    services.library.receive(OPERATOR, io.BytesIO(content), DOCUMENT, takes_room=False)
    return Planted(canary.email, token, hashlib.sha256(content).hexdigest())


def seek(services: Services, words: str) -> Sought:
    """Ask for words as a user would, with every right there is; no model is asked and nothing is counted."""
    hits = services.search.search(OPERATOR, words, _TOP).hits
    return Sought(
        search=any(words in hit.passage for hit in hits),
        # The whole sentence: of random words alone no model of meaning knows what they are near to.
        chat=words in services.assistant.rehearse(OPERATOR, _SENTENCE.format(words=words).strip()),
    )


def clear(services: Services) -> int:
    """Remove whatever canaries are there; return how many things were removed."""
    library = services.library
    documents = [
        document.id
        for document in library.documents(OPERATOR)
        if document.name == DOCUMENT and document.created_by is None
    ]
    for document_id in documents:
        library.remove(OPERATOR, document_id)
    users = services.accounts.users.erase_of_domain(DOMAIN)
    keys = services.accounts.keys.erase(KEY)
    services.billing.export.publish()
    return len(documents) + users + keys
