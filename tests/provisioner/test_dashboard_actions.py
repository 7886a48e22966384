"""What the dashboard does to clients: through nginx, its own process, and the program that acts for it."""

import io
import json
import re
import socket
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.provisioner.local_root import LocalRoot, wait_until
from tests.provisioner.local_root import ask as ask_nginx

EMAIL = "cockpit@vendor.test"


@pytest.fixture(scope="module")
def browser(host: LocalRoot) -> Iterator[httpx.Client]:
    """Return a browser with an operator signed in, through nginx; requests take the names of that host."""
    added = host.provision("admin", "user", "add", EMAIL, "--role", "owner")
    assert added.code == 0, added.said
    origin = f"http://admin.localhost:{host.http_port}"
    with httpx.Client(
        base_url=f"http://127.0.0.1:{host.http_port}",
        headers={"Host": "admin.localhost", "Origin": origin},
        trust_env=False,
        timeout=60,
    ) as client:
        wait_until(lambda: client.get("/healthz").status_code == 200)
        password = added.document["password"]
        answer = post(client, "/admin/login", "/admin/login", email=EMAIL, password=password)
        assert answer.status_code == 303, answer.text
        yield client


def post(browser: httpx.Client, page: str, action: str, **fields: str) -> httpx.Response:
    token = browser.get(page).text.split('name="csrf_token" value="')[1].split('"')[0]
    return browser.post(action, data={"csrf_token": token, **fields})


def ended(browser: httpx.Client, answer: httpx.Response) -> str:
    """Follow a form's answer to its job and look until that has ended; return the page."""
    assert answer.status_code == 303, answer.text
    deadline = time.monotonic() + 120
    while "data-running" in (page := browser.get(answer.headers["Location"]).text):
        assert time.monotonic() < deadline, page
        time.sleep(0.2)
    return page


def test_a_client_is_made_suspended_and_resumed_without_the_web_process_having_rights(
    host: LocalRoot, browser: httpx.Client
) -> None:
    fields = {"id": "cockpit", "name": "Cabinet Cockpit", "plan": "starter", "admin_email": "a@c.fr"}
    more = {"trial_days": "30", "domains": "aide.cockpit.fr docs.cockpit.fr"}
    begun = post(browser, "/admin/clients/new", "/admin/clients/new", **fields, **more)
    made = ended(browser, begun)
    assert "terminé" in made
    assert 'class="secret">sk_starter_' in made
    assert "sk_starter_" not in browser.get(begun.headers["Location"]).text
    assert host.get("cockpit") == 200
    assert ask_nginx(host.http_port, "docs.cockpit.fr", "/readyz") == 200
    assert re.search(r"EXPIRES_ON=\W?20\d\d-", (host.path / "client-cockpit" / ".env").read_text())
    assert len(host.provision("mail", "list", "cockpit").document) == 1

    page = "/admin/clients/cockpit"
    wait_until(lambda: "Aucune depuis le" in browser.get(page).text)  # its errors, as the instance tells them
    unconfirmed = post(browser, page, f"{page}/suspend")
    assert unconfirmed.status_code == 400
    assert host.get("cockpit") == 200
    ended(browser, post(browser, page, f"{page}/suspend", confirm="cockpit", reason="facture 12 impayée"))
    assert host.get("cockpit") == 503
    ended(browser, post(browser, page, f"{page}/resume"))
    assert host.get("cockpit") == 200

    refused = ended(browser, post(browser, page, f"{page}/plan", confirm="cockpit", plan="no-such-plan"))
    assert "refusé" in refused
    events = host.provision("events", "cockpit").document
    assert {event["operator"] for event in events} == {EMAIL}
    assert [(event["command"].split()[0], event["outcome"]) for event in events] == [
        ("new", "done"),
        ("suspend", "done"),
        ("resume", "done"),
        ("plan", "refused"),
    ]
    assert [event["detail"] for event in events][1] == "facture 12 impayée"


def test_a_package_is_downloaded_by_who_may_make_one_and_that_is_recorded(
    host: LocalRoot, browser: httpx.Client
) -> None:
    """Its folder is closed to the web process: the program that acts hands it over."""
    page = "/admin/clients/cockpit"
    assert "Aucun paquet pour l’instant" in browser.get(f"{page}/packages").text
    made = ended(browser, post(browser, page, f"{page}/package", replace="on"))
    assert f'href="{page}/packages"' in made
    listed = browser.get(f"{page}/packages").text
    assert "valable" in listed
    (file,) = re.findall(rf'action="{page}/packages/([^"]+)"', listed)

    taken = post(browser, f"{page}/packages", f"{page}/packages/{file}")

    assert taken.headers["Content-Type"] == "application/zip"
    assert taken.headers["Content-Disposition"] == f'attachment; filename="{file}"'
    assert taken.headers["Cache-Control"] == "no-store"
    assert taken.content == (host.path / "packages" / "cockpit" / file).read_bytes()
    assert any(name.endswith("API_KEY.txt") for name in zipfile.ZipFile(io.BytesIO(taken.content)).namelist())
    last = host.provision("events", "cockpit").document[-1]
    assert (last["command"], last["operator"], last["detail"]) == ("package-file cockpit", EMAIL, file)

    for elsewhere in (file.replace("Z.zip", "Z-7.zip"), "begun.json", "..%2f..%2fhost.yaml", f"{file}.json"):
        answer = post(browser, f"{page}/packages", f"{page}/packages/{elsewhere}")
        assert answer.status_code == 404, elsewhere
    (key,) = [one["id"] for one in host.provision("key", "list", "cockpit").document]
    assert host.provision("key", "revoke", "cockpit", str(key)).code == 0
    assert "plus valable" in browser.get(f"{page}/packages").text


def test_whatever_is_no_request_is_refused_on_the_socket(host: LocalRoot) -> None:
    request = {"action": "suspend", "client": "cockpit", "who": "x", "arguments": {}}
    for line in (
        b"",
        b"{}\n",
        b"nonsense\n",
        b"x" * 20_000 + b"\n",
        json.dumps(request | {"action": "purge"}).encode() + b"\n",
        json.dumps(request | {"client": "../../etc"}).encode() + b"\n",
        json.dumps(request | {"more": 1}).encode() + b"\n",
        json.dumps(request | {"arguments": {"force": True}}).encode() + b"\n",
        json.dumps(request | {"client": "nobody-there"}).encode() + b"\n",
        json.dumps(request | {"action": "package-file"}).encode() + b"\n",
        json.dumps(request | {"action": "package-file", "arguments": {"file": "../x.zip"}}).encode() + b"\n",
        json.dumps(request | {"action": "packages", "client": "nobody-there"}).encode() + b"\n",
        json.dumps(request).encode() + b"\n" + json.dumps(request).encode() + b"\n",
    ):
        (told,) = ask(host.path / "run" / "actions" / "actions.sock", line)
        assert told["error"]["refused"], (line, told)


def ask(path: Path, line: bytes) -> list[dict[str, Any]]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(path))
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            return [json.loads(told) for told in answer]


def test_people_and_tokens_are_managed_on_the_command_line_too(
    host: LocalRoot, browser: httpx.Client
) -> None:
    added = host.provision("admin", "user", "add", "new@vendor.test", "--role", "operator")
    assert (added.document["role"], added.code) == ("operator", 0)
    listed = {one["email"]: one["role"] for one in host.provision("admin", "user", "list").document}
    assert listed.items() >= {EMAIL: "owner", "new@vendor.test": "operator"}.items()
    assert host.provision("admin", "user", "remove", "new@vendor.test").code == 0
    assert host.provision("admin", "user", "remove", "new@vendor.test").code == 2

    made = host.provision("admin", "token", "new", "releve", "--role", "viewer", "--expires", "30d")
    bearer = {"Authorization": f"Bearer {made.document['token']}"}
    assert browser.get("/admin/api/clients", headers=bearer).status_code == 200
    assert browser.get("/metrics", headers=bearer).status_code == 200
    assert "releve" in [one["name"] for one in host.provision("admin", "token", "list").document]
    assert host.provision("admin", "token", "revoke", "releve").code == 0
    assert browser.get("/admin/api/clients", headers=bearer).status_code == 401
    assert host.provision("admin", "token", "new", "x", "--role", "viewer", "--expires", "90").code == 2
    assert host.provision("admin", "observe").document["clients"] >= 1
