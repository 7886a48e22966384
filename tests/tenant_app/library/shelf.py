"""The library as somebody uses it over HTTP."""

import io
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.tenant_app.waiting import wait_until


@dataclass(frozen=True)
class Shelf:
    """Uploads, lists, searches and removes with one person's credential."""

    client: FlaskClient
    credential: dict[str, str]

    def upload(self, content: bytes, name: str = "document.txt", **fields: str) -> TestResponse:
        """Send a file."""
        return self._send("/api/documents", content, name, fields)

    def replace(self, document_id: int, content: bytes, name: str) -> TestResponse:
        """Send a new version of a document."""
        return self._send(f"/api/documents/{document_id}/versions", content, name, {})

    def _send(self, path: str, content: bytes, name: str, fields: dict[str, str]) -> TestResponse:
        file = FileStorage(io.BytesIO(content), name)
        # Encoded here, in memory: the test client leaves its own temporary file open.
        boundary, body = encode_multipart({"file": file, **fields})
        return self.client.post(
            path,
            data=body,
            headers=self.credential,
            content_type=f"multipart/form-data; boundary={boundary}",
        )

    def post(self, path: str) -> TestResponse:
        """Send a POST request without a body."""
        return self.client.post(path, headers=self.credential)

    def add(self, content: bytes, name: str = "document.txt") -> dict[str, Any]:
        """Send a file and return the document once it is indexed or has failed."""
        answer = self.upload(content, name)
        assert answer.status_code in (200, 202), answer.get_data(as_text=True)
        return self.wait_for(self._json(answer)["id"])

    def wait_for(self, document_id: int) -> dict[str, Any]:
        """Return the document once it is indexed or has failed."""
        wait_until(
            lambda: self.document(document_id)["status"] in ("indexed", "failed"),
            f"document {document_id} indexed or failed",
        )
        return self.document(document_id)

    def document(self, document_id: int) -> dict[str, Any]:
        """Return one document."""
        return self._json(self.get(f"/api/documents/{document_id}"))

    def documents(self) -> list[dict[str, Any]]:
        """Return every document."""
        documents: list[dict[str, Any]] = self._json(self.get("/api/documents"))["documents"]
        return documents

    def get(self, path: str) -> TestResponse:
        """Send a GET request."""
        return self.client.get(path, headers=self.credential)

    def remove(self, document_id: int) -> TestResponse:
        """Remove a document."""
        return self.client.delete(f"/api/documents/{document_id}", headers=self.credential)

    def search(self, query: str, top_k: int = 5) -> dict[str, Any]:
        """Search; the answer must be a success."""
        answer = self.client.post(
            "/api/search", json={"query": query, "top_k": top_k}, headers=self.credential
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return self._json(answer)

    def found(self, query: str) -> list[str]:
        """Return the names of the documents found, best first."""
        return [result["document"] for result in self.search(query)["results"]]

    @staticmethod
    def _json(answer: TestResponse) -> dict[str, Any]:
        body = answer.get_json()
        assert isinstance(body, dict)
        return body
