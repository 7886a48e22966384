"""A tenant with documents, somebody who asks, and a language model that behaves as told."""

import json
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tenant_app.accounts.models import User
from tenant_app.api.context import EXTENSION
from tenant_app.assistant.provider_simulator import ProviderSimulator
from tenant_app.library.chunking import cut_passages, document_text
from tenant_app.library.parsing.protocol import Block
from tenant_app.passages import Chunk, Document, DocumentText
from tenant_app.retrieval.fulltext import PassageWords, add_terms
from tenant_app.services import Services

Headers = dict[str, str]

RECOURS = (
    "Le délai de recours contre une obligation de quitter le territoire est de trente jours. "
    "Ce délai court à compter de la notification de la décision. "
    "Le recours est porté devant le tribunal administratif."
)
RESIDENT = "La carte de résident est valable dix ans. Elle est renouvelable de plein droit."
ASKED = "Quel est le délai de recours contre une obligation de quitter le territoire ?"


@dataclass
class Tenant:
    """The real application; ``simulator`` is its provider, if it has one."""

    app: Flask
    simulator: ProviderSimulator | None
    member: Headers = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.member = self.sign_up("anna@dupont.test")

    @property
    def services(self) -> Services:
        """What the application is made of."""
        services: Services = self.app.extensions[EXTENSION]
        return services

    @property
    def client(self) -> FlaskClient:
        """A visitor."""
        return self.app.test_client()

    @property
    def requests_used(self) -> int:
        """How many requests the month counts."""
        return self.services.billing.report.usage().requests_used

    def sign_up(self, email: str, role: str = "member") -> Headers:
        """Create a user and return the headers of their requests."""
        with self.services.database.write() as session:
            user = User(
                email=email,
                email_key=email,
                password_hash="-",
                role=role,
                active=True,
                created_at=self.services.clock.now(),
            )
            session.add(user)
        tokens = self.services.accounts.sessions.open_api(user.id)
        return {"Authorization": f"Bearer {tokens.access_token}"}

    def new_key(self) -> Headers:
        """Create an API key and return the headers of its requests."""
        return {"X-API-Key": self.services.accounts.keys.create("site").secret}

    def shelve(self, name: str, *paragraphs: str, page: int | None = None) -> int:
        """Put a document in the library, read and cut as uploads are; return its id."""
        blocks = [Block(text=paragraph, page=page) for paragraph in paragraphs]
        now = self.services.clock.now()
        with self.services.database.write() as session:
            document = Document(
                name=name,
                sha256=name,
                media_type="text/plain",
                size=1,
                status="indexed",
                created_at=now,
                updated_at=now,
            )
            session.add(document)
            session.flush()
            session.add(DocumentText(document_id=document.id, text=document_text(blocks)))
            chunks = [
                Chunk(
                    document_id=document.id,
                    ordinal=ordinal,
                    page=passage.page,
                    heading=passage.heading,
                    text=passage.text,
                    char_start=passage.char_start,
                    char_end=passage.char_end,
                )
                for ordinal, passage in enumerate(cut_passages(blocks))
            ]
            session.add_all(chunks)
            session.flush()
            words = [PassageWords(chunk.id, name, chunk.heading, chunk.text) for chunk in chunks]
            add_terms(session, words, "fr")
        return document.id

    def post(self, path: str, body: dict[str, Any], headers: Headers | None = None) -> TestResponse:
        """Send a JSON body."""
        return self.client.post(path, json=body, headers=headers or self.member)

    def ask(self, question: str = ASKED, headers: Headers | None = None, **more: Any) -> dict[str, Any]:
        """Ask and return the answer, which must be a success."""
        response = self.post("/api/chat", {"question": question} | more, headers)
        assert response.status_code == 200, response.get_data(as_text=True)
        answer: dict[str, Any] = response.get_json()
        return answer

    def stream(self, question: str = ASKED, **more: Any) -> list[tuple[str, Any]]:
        """Ask for a stream and return its events by name."""
        response = self.post("/api/chat", {"question": question, "stream": True} | more)
        assert response.mimetype == "text/event-stream"
        events = parse_events(response.get_data(as_text=True))
        response.close()
        return events

    def notices(self, answer: dict[str, Any]) -> list[str]:
        """Return the codes of an answer's notices, those about the search left out."""
        codes = [notice["code"] for notice in answer["notices"]]
        return [code for code in codes if code != "search-degraded"]


def parse_events(text: str) -> list[tuple[str, Any]]:
    """Return the named events of a stream."""
    events = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


def text_of(events: list[tuple[str, Any]]) -> str:
    """Return what a reader of the stream has on the screen before ``done``."""
    shown = ""
    for name, data in events:
        if name == "token":
            shown += data["text"]
        elif name == "restart":
            shown = ""
    return shown
