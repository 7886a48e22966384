"""One client's life: stopped, started, changed, edited by hand, removed, erased."""

from __future__ import annotations

import io
import json
import signal
import tarfile
from pathlib import Path

import httpx
import pytest
from dotenv import dotenv_values

from provisioner.apply.journal import Journal
from provisioner.clock import SystemClock
from provisioner.drivers.supervisor import Supervisor
from tests.provisioner.local_root import LocalRoot, wait_until

ID = "papa"
SITE = "https://app.papa.example"


@pytest.fixture(scope="module")
def papa(host: LocalRoot) -> LocalRoot:
    created = host.new(ID)
    assert created.code == 0, created.said
    return host


def env(host: LocalRoot, tenant_id: str = ID) -> Path:
    return host.path / f"client-{tenant_id}" / ".env"


def changes(documents: list[dict[str, str]]) -> dict[str, str]:
    return {Path(one["path"]).name: one["change"] for one in documents}


def test_stopped_it_answers_503_until_it_is_started(papa: LocalRoot) -> None:
    assert papa.provision("stop", ID).document == {"id": ID, "state": "stopped"}
    assert papa.get(ID) == 503
    assert (papa.rows()[ID]["state"], papa.rows()[ID]["health"]) == ("stopped", "unknown")
    assert papa.provision("diff", ID).code == 0
    assert papa.provision("start", ID).code == 0
    assert papa.get(ID) == 200
    assert papa.provision("status", ID).document["health"] == "ok"


def test_restarted_it_answers_again(papa: LocalRoot) -> None:
    assert papa.provision("restart", ID).code == 0
    assert papa.get(ID) == 200


def test_a_cut_off_host_command_is_settled_only_by_one_that_prepares_the_host(papa: LocalRoot) -> None:
    folder = papa.path / "journal"
    assert papa.provision("stop", ID).code == 0
    Journal.begin(folder, "host init", "", SystemClock()).close()
    (host_init,) = folder.iterdir()
    # Of one killed before it had written what it is.
    (folder / "1-1.jsonl").touch()
    assert papa.provision("set", ID, "phone=0102030405").code == 0
    assert list(folder.iterdir()) == [host_init]
    assert papa.provision("host", "init").code == 0
    assert not list(folder.iterdir())
    assert papa.provision("start", ID).code == 0


def test_its_people_are_managed_running_and_stopped(papa: LocalRoot) -> None:
    added = papa.provision("user", "add", ID, "marie@example.fr", "--role", "member")
    assert added.code == 0, added.said
    assert added.document["password"]
    again = papa.provision("user", "add", ID, "marie@example.fr", "--role", "member")
    assert again.code == 2
    assert "is already in use" in again.document["error"]["message"]
    papa.provision("stop", ID)
    emails = [user["email"] for user in papa.provision("user", "list", ID).document]
    assert emails == ["a@example.fr", "marie@example.fr"]
    refused = papa.provision("user", "add", ID, "marie@example.fr", "--role", "member")
    assert refused.code == 2
    assert papa.provision("user", "reset-password", ID, "marie@example.fr").document["password"]
    papa.provision("start", ID)
    assert papa.provision("user", "remove", ID, "marie@example.fr").code == 0
    assert len(papa.provision("user", "list", ID).document) == 1


def test_its_own_roles_are_made_given_and_removed(papa: LocalRoot) -> None:
    made = papa.provision("role", "new", ID, "Archiviste", "--may", "documents.read", "--may", "chat")
    assert made.code == 0, made.said
    assert papa.provision("user", "add", ID, "jo@example.fr", "--role", "Archiviste").code == 0
    assert papa.provision("user", "add", ID, "al@example.fr", "--role", "Inconnu").code == 2
    changed = papa.provision("role", "set", ID, "archiviste", "--may", "documents.read").document
    assert (changed["permissions"], changed["users"]) == (["documents.read"], 1)
    assert papa.provision("role", "remove", ID, "Archiviste").code == 2
    assert papa.provision("user", "remove", ID, "jo@example.fr").code == 0
    assert papa.provision("role", "remove", ID, "Archiviste").code == 0
    assert [one["name"] for one in papa.provision("role", "list", ID).document] == [
        "admin",
        "member",
        "viewer",
    ]


def test_a_password_can_be_given_on_standard_input_and_is_not_shown(
    papa: LocalRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a-long-and-good-password\n"))
    reset = papa.provision("user", "reset-password", ID, "a@example.fr", "--password-stdin")
    assert reset.code == 0, reset.said
    assert "a-long-and-good-password" not in json.dumps(reset.document)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert papa.provision("user", "reset-password", ID, "a@example.fr", "--password-stdin").code == 2


def test_its_keys_are_shown_once_and_end_when_revoked(papa: LocalRoot) -> None:
    papa.provision("set", ID, "max_api_keys=5")
    assert papa.provision("key", "new", ID).code == 0
    assert papa.provision("key", "new", ID, "one", "--name", "two").code == 2
    made = papa.provision("key", "new", ID, "--name", "intranet").document
    assert made["key"].startswith("sk_starter_")
    unnamed = papa.provision("key", "new", ID, "x" * 61)
    assert unnamed.code == 2
    assert "[name: " in unnamed.document["error"]["message"]
    listed = papa.provision("key", "list", ID).document
    assert made["key"] not in json.dumps(listed)
    replaced = papa.provision("key", "rotate", ID, str(made["id"]), "--overlap", "1").document
    assert (replaced["name"], replaced["key"] != made["key"]) == ("intranet", True)
    ends = {key["id"]: key["ends_at"] for key in papa.provision("key", "list", ID).document}
    assert ends[made["id"]]
    assert not ends[replaced["id"]]
    words = ("--scope", "chat", "--scope", "documents", "--expires", "2035-01-31", "--requests-monthly", "5")
    limited = papa.provision("key", "new", ID, "kiosk", *words).document["id"]
    (kiosk,) = [key for key in papa.provision("key", "list", ID).document if key["id"] == limited]
    assert (kiosk["scopes"], kiosk["expires_on"]) == (["chat", "documents"], "2035-01-31")
    assert (kiosk["requests_monthly"], kiosk["requests_per_minute"]) == (5, None)
    assert papa.provision("key", "new", ID, "late", "--expires", "2020-01-31").code == 2
    assert papa.provision("key", "revoke", ID, str(made["id"])).code == 0
    assert made["id"] not in [key["id"] for key in papa.provision("key", "list", ID).document]


def test_a_setting_reaches_the_instance_and_goes_back(papa: LocalRoot) -> None:
    changed = papa.provision("set", ID, "max_cases=5000", "name=Cabinet Papa", f"allowed_origins={SITE}")
    assert changed.code == 0, changed.said
    assert changes(changed.document)[".env"] == "updated"
    assert 'MAX_CASES="5000"' in env(papa).read_text()
    assert papa.rows()[ID]["name"] == "Cabinet Papa"
    assert f'ALLOWED_ORIGINS="{SITE}"' in env(papa).read_text()
    assert papa.get(ID) == 200
    assert allowed_through_nginx(papa) == SITE
    assert papa.provision("set", ID, "max_cases=", "allowed_origins=").code == 0
    assert 'MAX_CASES="500"' in env(papa).read_text()
    assert 'ALLOWED_ORIGINS=""' in env(papa).read_text()
    assert allowed_through_nginx(papa) is None


def allowed_through_nginx(host: LocalRoot) -> str | None:
    """Ask what a browser asks before a page of `SITE` may send its question; return who may."""
    asked = {"Host": f"{ID}.localhost", "Origin": SITE, "Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"http://127.0.0.1:{host.http_port}/api/chat", headers=asked, timeout=60)
    allowed: str | None = answer.headers.get("Access-Control-Allow-Origin")
    return allowed


@pytest.mark.parametrize(
    "pair",
    ["max_cases=many", "no_such_key=1", "max_cases", "color=red", "LD_PRELOAD=/x", "allowed_origins=null"],
)
def test_a_wrong_setting_is_refused_and_nothing_changes(papa: LocalRoot, pair: str) -> None:
    before = env(papa).read_bytes()
    assert papa.provision("set", ID, pair).code == 2
    assert env(papa).read_bytes() == before


def test_a_hand_edit_is_reported_kept_and_overwritten_only_when_told(papa: LocalRoot) -> None:
    before = env(papa).read_text()
    env(papa).write_text(before.replace('MAX_USERS="3"', 'MAX_USERS="99"'))
    found = papa.provision("diff", ID)
    assert found.code == 3
    assert changes(found.document) == {".env": "hand-edited"}
    assert found.document[0]["lines"] == ["differs: MAX_USERS"]
    assert papa.provision("doctor").code == 3
    refused = papa.provision("set", ID, "color=#112233")
    assert refused.code == 2
    told = refused.document["error"]
    assert told["message"].startswith(f"{env(papa)} was edited by hand")
    assert f"`provision diff {ID}` shows the edit; `provision apply {ID} --reset` drops it" in told["mend"]
    assert papa.provision("show", ID).document.get("color") != "#112233"
    assert 'MAX_USERS="99"' in env(papa).read_text()
    papa.provision("apply", ID)
    assert 'MAX_USERS="99"' in env(papa).read_text()
    assert papa.provision("apply", ID, "--reset").code == 0
    assert 'MAX_USERS="3"' in env(papa).read_text()
    assert papa.provision("set", ID, "color=#112233").code == 0
    assert 'CLIENT_COLOR="#112233"' in env(papa).read_text()
    assert papa.provision("diff", ID).code == 0


def test_a_set_that_was_killed_does_not_keep_the_next_one_from_being_in_force(papa: LocalRoot) -> None:
    killed = papa.injected("fsync:signal=SIGKILL", "set", ID, "max_users=51", within=env(papa).parent)
    assert killed.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), killed.stderr
    assert 'MAX_USERS="51"' in env(papa).read_text()
    changed = papa.provision("set", ID, "max_users=52")
    assert changed.code == 0, changed.said
    assert changes(changed.document)[".env"] == "updated"
    assert 'MAX_USERS="52"' in env(papa).read_text()
    assert papa.provision("set", ID, "max_users=").code == 0
    assert papa.provision("diff", ID).code == 0
    assert papa.get(ID) == 200


def test_a_deleted_file_is_written_again(papa: LocalRoot) -> None:
    site = papa.path / "nginx" / "sites" / f"{ID}.conf"
    site.unlink()
    assert changes(papa.provision("diff", ID).document) == {f"{ID}.conf": "created"}
    applied = papa.provision("apply")
    assert applied.code == 0, applied.said
    assert papa.get(ID) == 200


def test_a_changed_site_is_shown_line_by_line(papa: LocalRoot) -> None:
    site = papa.path / "nginx" / "sites" / f"{ID}.conf"
    before = site.read_text()
    site.write_text(before.replace("server {", "server { # mine", 1))
    lines = papa.provision("diff", ID).document[0]["lines"]
    assert "-server { # mine" in lines
    assert "+server {" in lines
    site.write_text(before)


def test_its_logo_is_taken_from_a_file_running_and_stopped(papa: LocalRoot, tmp_path: Path) -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="%d"/></svg>'
    (tmp_path / "logo.svg").write_text(drawing % 4)
    assert papa.provision("set", ID, f"logo={tmp_path / 'logo.svg'}").code == 0
    first = logo(papa)
    assert papa.get(ID, first) == 200
    (tmp_path / "logo.svg").write_text(drawing % 5)
    assert papa.provision("stop", ID).code == 0
    assert papa.provision("set", ID, f"logo={tmp_path / 'logo.svg'}").code == 0
    assert papa.provision("start", ID).code == 0
    assert papa.get(ID, logo(papa)) == 200
    assert papa.get(ID, first) == 404
    (tmp_path / "logo.svg").write_text(drawing.replace("circle", "script") % 5)
    before = logo(papa)
    for refused in (tmp_path / "logo.svg", tmp_path / "none.png", tmp_path):
        answer = papa.provision("set", ID, f"logo={refused}")
        assert answer.code == 2
        assert answer.document["error"]["mend"]
    assert logo(papa) == before
    assert papa.provision("set", ID, "logo=").code == 0
    assert logo(papa) == ""


def logo(host: LocalRoot) -> str:
    return dotenv_values(env(host), interpolate=False)["CLIENT_LOGO"] or ""


def test_a_new_client_comes_with_its_logo(host: LocalRoot, tmp_path: Path) -> None:
    picture = tmp_path / "any name.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17))
    assert host.new("juliett", "--logo", str(tmp_path / "none.png")).code == 2
    assert "juliett" not in host.rows()
    made = host.new("juliett", "--logo", str(picture))
    assert made.code == 0, made.said
    place = dotenv_values(env(host, "juliett"), interpolate=False)["CLIENT_LOGO"]
    assert place is not None
    assert host.get("juliett", place) == 200
    assert host.provision("purge", "juliett", "--yes").code == 0


def test_a_crashed_process_comes_back_by_itself(papa: LocalRoot) -> None:
    log = papa.path / f"client-{ID}" / "logs" / "tenant.log"
    starts = log.read_text().count("Listening at")
    Supervisor(papa.path / "run" / "supervisord.sock").signal(f"tenant-{ID}", "KILL")
    wait_until(lambda: log.read_text().count("Listening at") > starts)
    wait_until(lambda: papa.get(ID) == 200)


def test_logs_usage_and_events_tell_what_happened(papa: LocalRoot) -> None:
    lines = papa.provision("logs", ID, "--lines", "5").document["lines"]
    assert len(lines) == 5
    used = papa.provision("usage", ID)
    assert used.code == 0, used.said
    assert used.document[0]["client_id"] == ID
    commands = [event["command"] for event in papa.provision("events", ID).document]
    assert commands[0] == f"new {ID}"
    assert f"set {ID} max_cases name allowed_origins" in commands
    assert "user-add" in commands


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (("list",), "STATE"),
        (("status", ID), "health    ok"),
        (("show", ID), "What this host gives:"),
        (("user", "list", ID), "a@example.fr"),
        (("key", "list", ID), "initial"),
        (("events", ID), f"new {ID}"),
        (("usage", ID), "REQUESTS_LIMIT"),
        (("diff", ID), "Everything is as it shall be."),
        (("-v", "apply", ID), "unchanged"),
        (("restart", ID), f"{ID} is running."),
        (("user", "reset-password", ID, "a@example.fr"), "password"),
        (("host", "init"), "the dashboard is on http://admin.localhost"),
    ],
)
def test_people_read_tables_and_sentences(papa: LocalRoot, words: tuple[str, ...], seen: str) -> None:
    code, shown, said = papa.tell(*words)
    assert code == 0, said
    assert seen in shown


def test_a_person_sees_the_first_access_the_steps_and_what_is_refused(papa: LocalRoot) -> None:
    code, shown, said = papa.tell("-v", "new", "oscar", "--plan", "starter", "--admin-email", "a@example.fr")
    assert code == 0, said
    assert "oscar is ready." in shown
    assert "API key     sk_starter_" in shown
    assert "make directory" in said
    assert papa.tell("new", "oscar", "--plan", "starter")[2].startswith(
        "provision: There already is a client"
    )
    erased = papa.tell("purge", "oscar", "--yes")[1]
    assert erased.startswith(f"Nothing of oscar is left; {papa.path}/erasures/oscar-")


def test_documents_are_given_to_it(papa: LocalRoot, tmp_path: Path) -> None:
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "docs" / "conges.md").write_text("# Congés\n\nChaque salarié a droit à 25 jours de congés.\n")
    (tmp_path / "docs" / "deep" / "prime.txt").write_text("La prime est versée en juin de chaque année.\n")
    (tmp_path / "docs" / ".hidden").write_text("x")
    taken = papa.provision("ingest", ID, str(tmp_path / "docs"))
    assert taken.code == 0, taken.said
    assert [one["status"] for one in taken.document["documents"]] == ["indexed", "indexed"]
    (tmp_path / "program.exe").write_bytes(b"MZ\x90\x00" * 10)
    refused = papa.provision("ingest", ID, str(tmp_path / "program.exe"))
    assert refused.code == 1
    assert refused.document["documents"][0]["status"] == "refused"
    assert papa.provision("ingest", ID, str(tmp_path / "none")).code == 2
    (tmp_path / "empty").mkdir()
    assert papa.provision("ingest", ID, str(tmp_path / "empty")).code == 2


def test_removed_it_is_kept_in_an_archive_and_its_port_is_free(host: LocalRoot) -> None:
    port = host.new("quebec").document["port"]
    removed = host.provision("remove", "quebec")
    assert removed.code == 0, removed.said
    archive = Path(removed.document["archive"])
    with tarfile.open(archive) as found:
        assert "client-quebec/data/tenant.sqlite3" in found.getnames()
        assert "client-quebec/.env" in found.getnames()
    # nginx was told before the command returned; its workers follow in their own time.
    wait_until(lambda: host.get("quebec") == 0)
    assert not (host.path / "client-quebec").exists()
    row = host.rows()["quebec"]
    assert (row["state"], row["port"]) == ("archived", None)
    assert host.new("quebec").code == 2
    assert host.provision("start", "quebec").code == 2
    assert host.provision("remove", "quebec").code == 2
    assert host.provision("show", "quebec").document["archive"] == str(archive)
    for words in (("apply",), ("diff",), ("logs",), ("ingest", __file__)):
        refused = host.provision(words[0], "quebec", *words[1:])
        assert refused.code == 2
        assert "quebec is archived" in refused.document["error"]["message"]
    assert not (host.path / "nginx" / "sites" / "quebec.conf").exists()
    assert host.new("romeo", "--port", str(port)).code == 0
    assert host.provision("purge", "quebec", "--yes").code == 0
    assert not archive.exists()
    assert "quebec" not in host.rows()


def test_a_remove_killed_after_erasing_is_finished_by_running_it_again(host: LocalRoot) -> None:
    assert host.new("uniform").code == 0
    killed = host.injected("rmdir:signal=SIGKILL", "remove", "uniform", within=host.path / "client-uniform")
    assert killed.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), killed.stderr
    assert host.rows()["uniform"]["state"] == "archived"
    (host.path / "client-uniform").rmdir()
    again = host.provision("remove", "uniform")
    assert again.code == 0, again.said
    assert Path(again.document["archive"]).is_file()
    assert not list((host.path / "journal").iterdir())
    assert host.provision("remove", "uniform").code == 2
    assert host.provision("purge", "uniform", "--yes").code == 0


def test_purged_nothing_of_it_is_left_but_its_events(
    host: LocalRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.new("sierra")
    monkeypatch.setattr("sys.stdin", io.StringIO("not sierra\n"))
    assert host.provision("purge", "sierra").code == 1
    assert host.get("sierra") == 200
    monkeypatch.setattr("sys.stdin", io.StringIO("sierra\n"))
    purged = host.provision("purge", "sierra")
    assert purged.code == 0, purged.said
    certificate = Path(purged.document["certificate"])
    assert {path.parent for path in host.path.rglob("*sierra*")} == {certificate.parent}
    told = certificate.read_text()
    assert "CERTIFICAT D'EFFACEMENT" in told
    assert "sierra.localhost" in told
    (folder,) = (
        one for one in json.loads(certificate.with_suffix(".json").read_text())["places"] if one["files"]
    )
    assert folder["what"] == "client"
    assert f"{folder['files']} fichiers, {folder['bytes']} octets" in told
    wait_until(lambda: host.get("sierra") == 0)
    assert [event["command"] for event in host.provision("events", "sierra").document][-1] == "purge sierra"
    assert host.provision("purge", "sierra", "--yes").code == 2
    assert host.new("sierra").code == 0


def test_the_dashboard_answers_and_knows_its_people(host: LocalRoot) -> None:
    added = host.provision("admin", "user", "add", "vous@example.fr")
    assert added.code == 0, added.said
    assert added.document["password"]
    assert host.provision("admin", "user", "add", "vous@example.fr").code == 2
    assert host.get("admin", "/admin/clients") in (200, 302, 303)
