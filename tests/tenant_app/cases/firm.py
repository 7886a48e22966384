"""A firm whose people open cases: callers of the API with the rights of one person each."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tenant_app.services import Services
from tests.tenant_app.waiting import wait_until

Json = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """One person, or one program, calling the API."""

    client: FlaskClient
    headers: dict[str, str]

    def call(self, method: str, path: str, body: Json | None = None) -> TestResponse:
        """Send a request with a JSON body, if any."""
        if body is None:
            return self.client.open(path, method=method, headers=self.headers)
        return self.client.open(path, method=method, json=body, headers=self.headers)

    def get(self, path: str) -> Json:
        """Return what a GET answers, which must be a success."""
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        found: Json = answer.get_json()
        return found

    def make(self, path: str, body: Json) -> Json:
        """Return what a POST made, which must be a success."""
        answer = self.call("POST", path, body)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        made: Json = answer.get_json()
        return made

    def open_case(self, title: str = "Congé Martin", **more: str) -> int:
        """Open a case and return its number."""
        return int(self.make("/api/cases", {"title": title, **more})["id"])

    def upload(self, content: bytes, name: str = "piece.txt", case_id: int | None = None) -> int:
        """Send a document, into a case if one is named, and return its number."""
        fields: Json = {"file": (BytesIO(content), name)}
        if case_id is not None:
            fields["case_id"] = str(case_id)
        answer = self.client.post("/api/documents", data=fields, headers=self.headers)
        assert answer.status_code in {200, 202}, answer.get_data(as_text=True)
        return int(answer.get_json()["id"])

    def wait_until_read(self, services: Services) -> None:
        """Return once every document sent is read."""
        wait_until(lambda: services.library.pending() == 0, "every document read")

    def status(self, method: str, path: str, body: Json | None = None) -> int:
        """Return the status of an answer."""
        return self.call(method, path, body).status_code

    def code(self, method: str, path: str, body: Json | None = None) -> str:
        """Return the code of a refusal."""
        code: str = self.call(method, path, body).get_json()["code"]
        return code
