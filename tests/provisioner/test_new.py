"""`provision new`: a client that answers through nginx, or nothing at all."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

from provisioner.errors import Refused
from tests.provisioner.local_root import LocalRoot

SITE = "https://app.alba.example"


def left_of(host: LocalRoot, tenant_id: str) -> list[Path]:
    """Everything under the root whose name tells of a client."""
    kept = {"journal", "erasures"}
    return [path for path in host.path.rglob(f"*{tenant_id}*") if kept.isdisjoint(path.parts)]


def test_a_new_client_answers_through_nginx_with_what_was_printed(host: LocalRoot) -> None:
    created = host.new(
        "alba", "--name", "Cabinet Alba & Fils", "--set", "max_cases=7", "--set", f"allowed_origins={SITE}"
    )
    assert created.code == 0, created.said
    document = created.document
    assert list(document) == [
        "id", "name", "plan", "port", "hostname", "url", "state", "admin", "api_key", "resumed",
        "welcome",
    ]  # fmt: skip
    assert document["url"] == f"http://alba.localhost:{host.http_port}"
    assert document["api_key"].startswith("sk_starter_")
    assert document["admin"]["email"] == "a@example.fr"
    assert host.get("alba") == 200
    row = host.rows()["alba"]
    assert (row["state"], row["health"], row["name"]) == ("running", "ok", "Cabinet Alba & Fils")
    written = (host.path / "client-alba" / ".env").read_text()
    assert 'MAX_CASES="7"' in written
    assert f'ALLOWED_ORIGINS="{SITE}"' in written
    shown = host.provision("show", "alba").document
    assert (shown["overrides"], shown["allowed_origins"]) == ({"max_cases": "7"}, SITE)


def test_its_files_are_for_nobody_else(host: LocalRoot) -> None:
    host.new("brun")
    client = host.path / "client-brun"
    modes = {
        path: stat.S_IMODE((client / path).stat().st_mode) for path in (".", ".env", "data", "data/usage")
    }
    assert modes == {".": 0o711, ".env": 0o600, "data": 0o710, "data/usage": 0o2750}


def test_no_secret_is_in_the_registry_the_journal_or_a_log(host: LocalRoot) -> None:
    document = host.new("cobalt").document
    env = (host.path / "client-cobalt" / ".env").read_text()
    key = next(line.split('"')[1] for line in env.splitlines() if line.startswith("SECRET_KEY"))
    secrets = [document["admin"]["password"], document["api_key"], key]
    places = [host.path / "registry.sqlite3", *host.path.rglob("*.log"), *host.path.rglob("*.jsonl")]
    for place in places:
        content = place.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], place


def test_an_id_that_is_taken_is_refused_and_stays_as_it_is(host: LocalRoot) -> None:
    host.new("delta")
    before = (host.path / "client-delta" / ".env").read_bytes()
    again = host.new("delta")
    assert again.code == Refused.exit_code
    assert "There already is a client 'delta'" in again.document["error"]["message"]
    assert (host.path / "client-delta" / ".env").read_bytes() == before
    assert [event["outcome"] for event in host.provision("events", "delta").document] == ["done", "refused"]


def test_a_booked_port_is_refused(host: LocalRoot) -> None:
    port = host.new("echo").document["port"]
    refused = host.new("foxtrot", "--port", str(port))
    assert refused.code == Refused.exit_code
    assert f"Port {port} is booked by 'echo'" in refused.document["error"]["message"]


def test_a_port_somebody_else_listens_on_is_refused_or_passed_over(host: LocalRoot) -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        port = foreign.getsockname()[1]
        refused = host.new("golf", "--port", str(port))
    assert refused.code == Refused.exit_code
    assert "in use by a process that is no client of ours" in refused.document["error"]["message"]
    assert not left_of(host, "golf")


def test_nginx_own_port_is_no_clients_port(host: LocalRoot) -> None:
    refused = host.new("golf", "--port", str(host.http_port))
    assert refused.code == Refused.exit_code


def test_a_dry_run_shows_the_steps_and_touches_nothing(host: LocalRoot) -> None:
    shown = host.new("hotel", "--dry-run")
    assert shown.code == 0
    steps = [step["step"] for step in shown.document["steps"]]
    assert steps[0] == f"make directory {host.path}/client-hotel (0711)"
    assert any("tenant_app admin init with secrets on its standard input" in step for step in steps)
    assert steps[-1].startswith("wait until http://hotel.localhost")
    assert not left_of(host, "hotel")
    assert "hotel" not in host.rows()


def test_a_client_that_cannot_start_is_undone_and_the_neighbours_serve_on(host: LocalRoot) -> None:
    host.new("india")
    (host.path / "client-juliet").mkdir()
    (host.path / "client-juliet" / "logs").write_text("a file where a directory should be")
    failed = host.new("juliet")
    (host.path / "client-juliet" / "logs").unlink()
    (host.path / "client-juliet").rmdir()
    assert failed.code == 1
    assert "Everything done before it was undone" in failed.document["error"]["message"]
    assert "juliet" not in host.rows()
    assert not left_of(host, "juliet")
    assert host.nginx_is_valid()
    assert host.get("india") == 200
    assert host.get("juliet") == 0


def test_somebody_elses_broken_nginx_file_is_named_and_nothing_is_lost(host: LocalRoot) -> None:
    host.new("kilo")
    theirs = host.path / "nginx" / "sites" / "hand-made.conf"
    theirs.write_text("server { oops }")
    failed = host.new("lima")
    assert failed.code == 1
    assert f"{theirs}, which is not written by this command" in failed.document["error"]["message"]
    assert theirs.exists()
    assert not left_of(host, "lima")
    assert host.get("kilo") == 200
    theirs.unlink()
    assert host.new("lima").code == 0


def test_an_email_nobody_can_have_is_refused_before_anything_is_touched(host: LocalRoot) -> None:
    refused = host.provision("new", "mike", "--plan", "starter", "--admin-email", "nobody")
    assert refused.code == Refused.exit_code
    assert "--admin-email" in refused.document["error"]["message"]
    assert not left_of(host, "mike")
