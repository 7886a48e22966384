"""What every driver owes an operator and a client, shown on a real host of each."""

import json
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.drivers.conftest import EMAIL, Client, provisioned
from tests.drivers.operators import Answer, Operator, ask, done, provision


def sign_in(client: Client) -> str:
    """Sign in with the password told at provisioning; return the token."""
    credentials = {"email": EMAIL, "password": client.told["admin"]["password"]}
    answer = ask(client.operator, client.host, "/api/auth/login", send=credentials)
    assert answer.status == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def state(operator: Operator, tenant_id: str) -> str:
    row: dict[str, Any] = done(operator, "status", tenant_id)
    return str(row["state"])


def eventually(so: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def ready(client: Client) -> Answer:
    return ask(client.operator, client.host, "/readyz")


def test_a_new_client_is_told_once_and_answers_by_its_name(dupont: Client) -> None:
    told = dupont.told
    assert (told["id"], told["plan"], told["state"]) == ("dupont", "professional", "running")
    assert told["hostname"] == "dupont.localhost"
    assert told["url"] == f"http://dupont.localhost:{dupont.operator.port}"
    assert told["api_key"].startswith("sk_professional_")
    assert ready(dupont).json() == {"status": "ok"}


def test_a_shared_directory_that_lost_its_mode_is_closed_again(dupont: Client) -> None:
    """As one is that a kill left between being made and being given its mode."""
    archive = dupont.operator.path(dupont.operator.root / "archive")
    archive.chmod(0o755)
    done(dupont.operator, "host", "init")
    assert stat.S_IMODE(archive.stat().st_mode) == 0o700


def test_the_first_sign_in_and_the_first_key_work(dupont: Client) -> None:
    me = ask(dupont.operator, dupont.host, "/api/me", headers=bearer(sign_in(dupont)))
    assert (me.status, me.json()["name"], me.json()["role"]) == (200, EMAIL, "admin")
    usage = ask(
        dupont.operator, dupont.host, "/api/billing/usage", headers={"X-API-Key": dupont.told["api_key"]}
    )
    assert (usage.status, usage.json()["client_id"]) == (200, "dupont")


def test_unknown_names_are_closed_without_an_answer(dupont: Client) -> None:
    assert ask(dupont.operator, "nobody.localhost", "/readyz").status == 0


def test_the_operators_routes_do_not_exist_through_nginx(dupont: Client) -> None:
    assert ask(dupont.operator, dupont.host, "/internal/status").status == 404


def test_a_document_is_read_indexed_and_quoted_in_an_answer(dupont: Client, sample: Path) -> None:
    token = bearer(sign_in(dupont))
    added = ask(dupont.operator, dupont.host, "/api/documents", upload=sample, headers=token)
    assert added.status in (200, 202), added.text
    document = f"/api/documents/{added.json()['id']}"

    def settled() -> bool:
        answer = ask(dupont.operator, dupont.host, document, headers=token)
        return answer.json()["status"] in ("indexed", "failed")

    assert eventually(settled, 60)
    read = ask(dupont.operator, dupont.host, document, headers=token).json()
    assert (read["status"], read.get("error")) == ("indexed", None)
    question = {"question": "Combien de jours de congés payés par an ?"}
    answer = ask(dupont.operator, dupont.host, "/api/chat", send=question, headers=token)
    assert answer.status == 200, answer.text
    assert answer.json()["mode"] == "local"
    assert "vingt-cinq" in answer.json()["answer"]
    assert answer.json()["citations"][0]["document"] == "conges.md"


def test_stopped_means_unavailable_and_started_means_back(dupont: Client) -> None:
    done(dupont.operator, "stop", "dupont")
    stopped = ask(dupont.operator, dupont.host, "/api/me")
    assert (stopped.status, stopped.headers["content-type"]) == (503, "application/problem+json")
    assert "retry-after" in stopped.headers
    assert state(dupont.operator, "dupont") == "stopped"
    done(dupont.operator, "start", "dupont")
    assert ready(dupont).status == 200
    assert state(dupont.operator, "dupont") == "running"


def test_a_restart_is_another_process_on_the_same_data(dupont: Client) -> None:
    before = dupont.operator.main_process("dupont")
    done(dupont.operator, "restart", "dupont")
    assert dupont.operator.main_process("dupont") not in (0, before)
    assert sign_in(dupont)


def test_a_killed_process_is_back_by_itself(dupont: Client) -> None:
    before = dupont.operator.main_process("dupont")
    dupont.operator.run("kill", "-KILL", str(before))
    assert eventually(lambda: dupont.operator.main_process("dupont") not in (0, before))
    assert eventually(lambda: ready(dupont).status == 200)


def test_a_changed_figure_reaches_the_running_client(dupont: Client) -> None:
    done(dupont.operator, "set", "dupont", "max_users=12")
    usage = ask(dupont.operator, dupont.host, "/api/billing/usage", headers=bearer(sign_in(dupont)))
    assert usage.json()["usage"]["users_limit"] == 12
    done(dupont.operator, "set", "dupont", "max_users=")


def test_nothing_to_do_changes_nothing(dupont: Client) -> None:
    before = dupont.operator.main_process("dupont")
    assert provision(dupont.operator, "diff", "dupont").status == 0
    done(dupont.operator, "apply", "dupont")
    assert dupont.operator.main_process("dupont") == before


def test_a_hand_edit_is_shown_and_kept(dupont: Client) -> None:
    env = dupont.operator.path(dupont.operator.root / "client-dupont" / ".env")
    written = env.read_text()
    env.write_text(written + "# mine\n")
    shown = provision(dupont.operator, "diff", "dupont")
    assert shown.status == 3
    assert ".env" in json.dumps(shown.document)
    done(dupont.operator, "apply", "dupont")
    assert env.read_text() == written + "# mine\n"
    env.write_text(written)
    assert provision(dupont.operator, "diff", "dupont").status == 0


def test_people_are_added_while_it_runs_and_while_it_is_stopped(dupont: Client) -> None:
    done(dupont.operator, "user", "add", "dupont", "a@dupont.example", "--role", "member")
    done(dupont.operator, "stop", "dupont")
    done(dupont.operator, "user", "add", "dupont", "b@dupont.example", "--role", "viewer")
    done(dupont.operator, "start", "dupont")
    people = json.dumps(done(dupont.operator, "user", "list", "dupont"))
    assert "a@dupont.example" in people
    assert "b@dupont.example" in people


def test_one_clients_credentials_are_nothing_at_another(dupont: Client, martin: Client) -> None:
    assert ask(martin.operator, martin.host, "/api/me", headers=bearer(sign_in(dupont))).status == 401
    key = {"X-API-Key": dupont.told["api_key"]}
    assert ask(martin.operator, martin.host, "/api/billing/usage", headers=key).status == 403


def test_stopping_one_client_leaves_the_other_alone(dupont: Client, martin: Client) -> None:
    before = martin.operator.main_process("martin")
    done(dupont.operator, "stop", "dupont")
    assert ready(martin).status == 200
    done(dupont.operator, "start", "dupont")
    assert martin.operator.main_process("martin") == before


def test_the_settings_file_is_for_nobody_else(dupont: Client) -> None:
    mode = dupont.operator.path(dupont.operator.root / "client-dupont" / ".env").stat().st_mode
    assert mode & 0o777 == 0o600


def test_secrets_are_in_no_command_line(dupont: Client) -> None:
    told = (dupont.told["api_key"], dupont.told["admin"]["password"])
    commands = dupont.operator.run("sh", "-c", "cat /proc/[0-9]*/cmdline").stdout.decode(errors="replace")
    assert not any(secret in commands for secret in told)


def test_refused_requests_touch_nothing(dupont: Client) -> None:
    operator = dupont.operator
    for words in (
        ("dupont", "--plan", "starter"),
        ("admin", "--plan", "starter"),
        ("bernard", "--plan", "gold"),
    ):
        assert provision(operator, "new", *words).status == 2
    assert [row["id"] for row in done(operator, "list") if row["id"] in ("admin", "bernard")] == []


def test_a_rehearsal_does_nothing(operator: Operator) -> None:
    assert provision(operator, "new", "petit", "--plan", "starter", "--dry-run").status == 0
    assert not operator.path(operator.root / "client-petit").exists()
    assert "petit" not in json.dumps(done(operator, "list"))


def test_a_client_is_backed_up_while_it_works_restored_and_cloned(operator: Operator, sample: Path) -> None:
    client = provisioned(operator, "durand", "starter")
    done(operator, "ingest", "durand", str(sample))
    archive = done(operator, "backup", "durand")["file"]
    verified = done(operator, "verify-backup", archive)
    assert verified["ok"]
    assert verified["asked"] == verified["found"] == 1
    assert not operator.path(operator.root / "client-verify-backup").exists()
    assert operator.run("getent", "passwd", "tn-verify-backup").returncode != 0

    def finds(host: str, key: str) -> bool:
        question = {"query": "jours de congés payés", "top_k": 1}
        answer = ask(operator, host, "/api/search", send=question, headers={"X-API-Key": key})
        return "vingt-cinq" in answer.text

    done(operator, "restore", archive)
    assert finds(client.host, client.told["api_key"])
    copy = done(operator, "clone", "durand", "durand-copy")
    assert finds(copy["hostname"], copy["api_key"])
    assert not finds(copy["hostname"], client.told["api_key"])
    for tenant_id in ("durand", "durand-copy"):
        assert provision(operator, "diff", tenant_id).status == 0
        data = operator.path(operator.root / f"client-{tenant_id}" / "data")
        usage = data / "usage"
        assert stat.S_IMODE(usage.stat().st_mode) == 0o2750
        assert {path.stat().st_uid for path in data.iterdir()} == {data.stat().st_uid}
        done(operator, "purge", tenant_id, "--yes")


def test_a_removed_client_is_gone_from_outside_and_kept_in_an_archive(operator: Operator) -> None:
    client = provisioned(operator, "bernard", "starter")
    done(operator, "remove", "bernard")
    assert eventually(lambda: ask(operator, client.host, "/readyz").status == 0)
    assert state(operator, "bernard") == "archived"
    assert provision(operator, "new", "bernard", "--plan", "starter").status == 2
    done(operator, "purge", "bernard", "--yes")
    assert not operator.path(operator.root / "client-bernard").exists()
    assert "bernard" not in json.dumps(done(operator, "list"))
    again = provisioned(operator, "bernard", "starter")
    assert ready(again).status == 200
    done(operator, "remove", "bernard")
    done(operator, "purge", "bernard", "--yes")


def test_the_whole_host_stops_and_comes_back(dupont: Client, martin: Client) -> None:
    done(dupont.operator, "host", "stop")
    assert dupont.operator.driver == "local" or dupont.operator.main_process("dupont") == 0
    done(dupont.operator, "host", "init")
    assert eventually(lambda: ready(dupont).status == 200)
    assert eventually(lambda: ready(martin).status == 200)


def test_a_suspended_client_is_answered_for_and_no_start_of_the_host_brings_it_back(
    dupont: Client, martin: Client
) -> None:
    operator, token = dupont.operator, bearer(sign_in(dupont))
    before = martin.operator.main_process("martin")
    done(operator, "suspend", "dupont", "--reason", "unpaid")

    def is_answered_for() -> bool:
        answer = ask(operator, dupont.host, "/api/me", headers=token)
        return answer.status == 503 and answer.json().get("code") == "suspended"

    assert eventually(is_answered_for)
    assert operator.main_process("dupont") == 0
    assert operator.main_process("martin") == before
    assert provision(operator, "start", "dupont").status == 2
    assert provision(operator, "restart", "dupont").status == 2
    done(operator, "apply", "dupont")
    done(operator, "host", "stop")
    done(operator, "host", "init")
    assert eventually(lambda: ready(martin).status == 200)
    assert is_answered_for()
    assert (state(operator, "dupont"), operator.main_process("dupont")) == ("suspended", 0)
    assert provision(operator, "diff", "dupont").status == 0
    done(operator, "resume", "dupont")
    assert ask(operator, dupont.host, "/api/me", headers=token).status == 200
    assert state(operator, "dupont") == "running"


def test_the_dashboard_answers_on_its_own_name(dupont: Client) -> None:
    page = ask(dupont.operator, "admin.localhost", "/admin/clients")
    assert page.status in (302, 303)
    assert page.headers["location"].startswith("/admin/login")
