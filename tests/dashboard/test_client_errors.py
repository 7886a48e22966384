"""What went wrong with a client's answers, as its page and the JSON interface tell it."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from provisioner.server_errors import UnreadableErrors, read_errors
from tenant_app.server_errors import ServerErrors
from tests.dashboard.clock import FixedClock
from tests.dashboard.conftest import AddClient, make_pipe
from tests.dashboard.test_client_page import shown
from tests.dashboard.test_clients_api import bearer, token_of

NUMBER = "0123456789abcdef0123456789abcdef"


def fail(folder: Path, clock: FixedClock, *routes: tuple[str | None, int], client_id: str = "dupont") -> None:
    """Have the client's own program count these errors now."""
    errors = ServerErrors(client_id, folder, clock)
    errors.start()
    for route, status in routes:
        errors.note(route, status, NUMBER)
    errors.stop()


def api(visitor: FlaskClient, path: str) -> Any:
    answer = visitor.get(f"/admin/api/clients/{path}", headers=bearer(token_of(visitor)))
    assert answer.status_code == 200
    return answer.get_json()


def test_the_vendor_sees_which_routes_failed_on_which_day(
    operator: FlaskClient, add_client: AddClient, clock: FixedClock
) -> None:
    folder = add_client("dupont", "Dupont", usage={}).parent
    clock.advance(days=-2)
    fail(folder, clock, ("POST /api/chat", 503), ("POST /api/chat", 503), (None, 500))
    clock.advance(days=2)
    fail(folder, clock, *[(f"GET /api/cases/<int:case_id>/{part}", 500) for part in "abcdefg"])

    page = shown(operator)

    for expected in (
        "Erreurs en 30 jours 10",
        "Erreurs par jour, 7 au plus",
        "19/11/2026 3 POST /api/chat 503 × 2 autres routes 500 × 1",
        "GET /api/cases/&lt;int:case_id&gt;/a 500 × 1",
        "et 2 autres",
        f"21/11/2026 10:30 GET /api/cases/&lt;int:case_id&gt;/g 500 {NUMBER}",
    ):
        assert expected in page, expected
    assert "20/11/2026 0" not in page


def test_no_error_and_nothing_known_are_not_told_alike(
    operator: FlaskClient, add_client: AddClient, clock: FixedClock
) -> None:
    folder = add_client("dupont", "Dupont", usage={}).parent
    assert "Rien n’est encore connu" in shown(operator)
    assert "Erreurs en 30 jours –" in shown(operator)

    fail(folder, clock)
    assert "Erreurs du serveur Aucune depuis le 21/11/2026." in shown(operator)
    (folder / "errors.json").unlink()
    clock.advance(days=-40)
    fail(folder, clock)
    clock.advance(days=40)
    assert "Aucune depuis le 23/10/2026." in shown(operator)

    (folder / "errors.json").write_text("{}")
    assert "illisible Le relevé des erreurs ne peut pas être cru" in shown(operator)


def test_a_program_gets_the_same(visitor: FlaskClient, add_client: AddClient, clock: FixedClock) -> None:
    folder = add_client("dupont", "Dupont", usage={}).parent
    assert api(visitor, "dupont/errors") == {"state": "none", "since": None, "days": [], "last": []}
    fail(folder, clock, ("POST /api/chat", 503), ("POST /api/chat", 500), ("POST /api/chat", 503))
    clock.advance(days=1)

    found = api(visitor, "dupont/errors")

    chat = "POST /api/chat"
    kinds = [{"route": chat, "status": 503, "count": 2}, {"route": chat, "status": 500, "count": 1}]
    assert found["days"] == [
        {"day": "2026-11-21", "count": 3, "kinds": kinds},
        {"day": "2026-11-22", "count": 0, "kinds": []},
    ]
    assert (found["state"], found["since"]) == ("known", "2026-11-21T09:30:00Z")
    last = {"at": "2026-11-21T09:30:00Z", "route": chat, "status": 503, "request_id": NUMBER}
    assert (found["last"][0], len(found["last"])) == (last, 3)


def record(**changes: Any) -> dict[str, Any]:
    happened = {"at": "2026-11-21T09:00:00Z", "route": "GET /x", "status": 500, "request_id": NUMBER}
    kinds = [{"route": "GET /x", "status": 500, "count": 1}]
    days = [{"day": "2026-11-21", "kinds": kinds}]
    return {
        "client_id": "dupont",
        "since": "2026-11-01T00:00:00Z",
        "days": days,
        "last": [happened],
    } | changes


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "martin"},
        {"since": "9999-12-31T23:59:59Z"},
        {"days": [{"day": "2026-11-21", "kinds": [{"route": "GET /x", "status": 500, "count": -1}]}]},
        {"days": [{"day": "2026-11-21", "kinds": []}] * 65},
        {"last": [{**record()["last"][0], "route": "GET /quelle clause s'applique"}]},
        {"last": [{**record()["last"][0], "route": "Ma question"}]},
        {"last": [{**record()["last"][0], "status": 200}]},
        {"last": [{**record()["last"][0], "request_id": "Maître Dupont"}]},
        {"last": "x" * 200_000},
    ],
    ids=range(9),
)
def test_what_a_client_writes_there_is_believed_in_its_shape_only(
    add_client: AddClient, change: dict[str, Any]
) -> None:
    """Its process owns the file: no text can come to the vendor's page this way."""
    file = add_client("dupont", "Dupont").with_name("errors.json")
    folder = file.parents[2]
    file.write_text(json.dumps(record()))
    assert read_errors(folder, "dupont")

    file.write_text(json.dumps(record(**change)))

    with pytest.raises(UnreadableErrors):
        read_errors(folder, "dupont")


def test_links_and_pipes_are_not_opened(add_client: AddClient, tmp_path: Path) -> None:
    file = add_client("dupont", "Dupont").with_name("errors.json")
    (tmp_path / "elsewhere").write_text(json.dumps(record()))
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnreadableErrors):
        read_errors(file.parents[2], "dupont")
    file.unlink()
    make_pipe(file)
    with pytest.raises(UnreadableErrors):
        read_errors(file.parents[2], "dupont")


def test_a_moment_that_has_not_come_yet_breaks_no_page(operator: FlaskClient, add_client: AddClient) -> None:
    file = add_client("dupont", "Dupont").with_name("errors.json")
    file.write_text(json.dumps(record(since="2190-01-01T00:00:00Z", days=[], last=[])))
    assert "Aucune depuis le 21/11/2026." in shown(operator)
