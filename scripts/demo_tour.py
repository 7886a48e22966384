"""The part of scripts/demo that uses the product: only its command line and its HTTP API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

CLONE = Path(__file__).resolve().parent.parent
TENANT = "dupont"
PROVISION = [str(CLONE / ".venv/bin/provision"), "--driver", "local"]
NEW_TENANT = [
    "new",
    TENANT,
    *("--plan", "professional"),
    *("--port", "5001"),
    *("--name", "Cabinet Dupont & Associés"),
    *("--siret", "73282932000074"),
    *("--address", "12 rue de la République, 69002 Lyon"),
    *("--phone", "+33 4 72 00 00 00"),
    *("--email", "contact@cabinet-dupont.example"),
    *("--color", "#1f4e79"),
    *("--assistant", "legal"),
    *("--admin-email", "claire@cabinet-dupont.example"),
]
OPERATOR = "operator@tenantry.example"
QUESTION = "Quel préavis le locataire doit-il respecter pour donner congé ?"


class DemoFailed(Exception):
    """A step failed; the message says which and why."""


def main() -> None:
    """Run the tour, or stop what an earlier one left running."""
    try:
        if "--stop" in sys.argv[1:]:
            stop()
        else:
            tour()
    except DemoFailed as error:
        sys.exit(f"\n{error}")


def stop() -> None:
    """Stop every program; the files stay."""
    with step("Everything stopped"):
        provision("host", "stop")


def tour() -> None:
    """Host, tenant, documents, question; then say where everything is."""
    with step("Host: nginx, embedding server, dashboard"):
        provision("host", "init")
        operator = provision_new("admin", "user", "add", OPERATOR)
    with step("Client: Cabinet Dupont & Associés"):
        created = provision_new(*NEW_TENANT)
        if created is None:
            # An earlier version of this clone may have written its files.
            provision("apply", TENANT)
        tenant = provision("show", TENANT)
    with step("Sample documents indexed"):
        provision("ingest", TENANT, str(CLONE / "examples"))
    with step("A question, over HTTP through nginx"):
        answer = ask(tenant["url"], created)
    print_answer(answer)
    print_places(tenant, created, operator)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the name, then how long it took."""
    started = time.monotonic()
    print(f"  {name:<44} ", end="", flush=True)
    try:
        yield
    except DemoFailed:
        print("FAILED")
        raise
    print(f"ok     {time.monotonic() - started:.1f} s")


def provision(*arguments: str) -> Any:
    """Run one command and return its JSON document. Raises `DemoFailed` with the command's own words."""
    ended = _run(arguments)
    if ended.returncode != 0:
        raise DemoFailed(f"provision {arguments[0]} failed:\n{ended.stderr}{ended.stdout}")
    return json.loads(ended.stdout)


def provision_new(*arguments: str) -> Any | None:
    """Like `provision`, for a command that is refused (exit 2) when an earlier run has done it: none then."""
    ended = _run(arguments)
    if ended.returncode == 2 and "already" in json.loads(ended.stdout)["error"]["message"]:
        return None
    if ended.returncode != 0:
        raise DemoFailed(f"provision {arguments[0]} failed:\n{ended.stderr}{ended.stdout}")
    return json.loads(ended.stdout)


def _run(arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    command = [*PROVISION, "--json", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def ask(url: str, created: dict[str, Any] | None) -> dict[str, Any]:
    """Ask with the API key of `new`; on a later run with a fresh one, revoked at once."""
    if created is not None:
        return _chat(url, created["api_key"])
    key = provision("key", "new", TENANT, f"demo-{os.getpid()}")
    try:
        return _chat(url, key["key"])
    finally:
        provision("key", "revoke", TENANT, str(key["id"]))


def _chat(url: str, api_key: str) -> dict[str, Any]:
    """Connect to nginx on this machine, whatever the resolver makes of `*.localhost`."""
    site = urlsplit(url)
    answer = httpx.post(
        f"{site.scheme}://127.0.0.1:{site.port or 80}/api/chat",
        headers={"Host": site.netloc, "X-API-Key": api_key},
        json={"question": QUESTION},
        timeout=60,
    )
    if answer.status_code != httpx.codes.OK:
        raise DemoFailed(f"{url}/api/chat answered {answer.status_code}: {answer.text}")
    body: dict[str, Any] = answer.json()
    if not body["citations"]:
        raise DemoFailed(f"The answer cites nothing: {body['answer']}")
    return body


def print_answer(answer: dict[str, Any]) -> None:
    """The question, the answer and the passages it rests on."""
    print(f"\n  {QUESTION}\n")
    print(_indented(answer["answer"]))
    print()
    for citation in answer["citations"]:
        page = f", page {citation['page']}" if citation["page"] else ""
        passage = textwrap.shorten(citation["passage"], 160, placeholder=" …")
        print(_indented(f"[{citation['n']}] {citation['document']}{page} — « {passage} »"))


def _indented(text: str) -> str:
    return "\n".join(
        textwrap.fill(line, 100, initial_indent="    ", subsequent_indent="    ")
        for line in text.splitlines()
    )


def print_places(tenant: dict[str, Any], created: Any | None, operator: Any | None) -> None:
    """URLs, and the sign-ins that this run made (they are stored nowhere in clear)."""
    site = urlsplit(tenant["url"])
    admin = f"{site.scheme}://{site.netloc.replace(TENANT, 'admin', 1)}/admin/clients"
    print(f"\n  {tenant['name']}: {tenant['url']}")
    if created is None:
        print(f"      sign-ins were shown by the first run; provision user reset-password {TENANT} EMAIL")
    else:
        print(f"      sign in   {created['admin']['email']}   {created['admin']['password']}")
        print(f"      API key   {created['api_key']}")
    print(f"  The vendor's dashboard: {admin}")
    if operator is not None:
        print(f"      sign in   {operator['email']}   {operator['password']}")
    if created is not None or operator is not None:
        print("  Passwords and keys are shown this once.")
    for notice in tenant["notices"]:
        print(f"\n{_indented(f'WARNING: {notice}')}")
    print("\n  Still running. Look around with .venv/bin/provision list; stop with ./scripts/demo --stop\n")


if __name__ == "__main__":
    main()
