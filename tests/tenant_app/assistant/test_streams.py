"""A streamed answer: whole verified sentences, one unit, and a thread that always comes back."""

import json
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tenant_app.assistant.answers import Done, Event
from tenant_app.assistant.asking import Asked
from tenant_app.assistant.conversations import Conversations
from tenant_app.retrieval.search import Search
from tests.tenant_app.assistant.conftest import OpenTenant
from tests.tenant_app.assistant.tenant import ASKED, Headers, Tenant, parse_events, text_of


@pytest.fixture(params=[None, "echo"], ids=["extracted", "model"])
def any_tenant(request: pytest.FixtureRequest, open_tenant: OpenTenant) -> Tenant:
    """Return a tenant without, then with a model."""
    return open_tenant(request.param)


def test_the_sentences_streamed_are_the_answer_and_come_whole(any_tenant: Tenant) -> None:
    events = any_tenant.stream()

    names = [name for name, _ in events]
    tokens = [data["text"] for name, data in events if name == "token"]
    done = events[-1][1]
    assert names == ["token"] * len(tokens) + ["citations", "done"]
    assert text_of(events).strip() == done["answer"]
    assert all(token.rstrip().endswith((".", "?", "]", "»")) for token in tokens)
    assert events[-2][1] == done["citations"]


def test_a_stream_and_a_whole_answer_say_the_same(any_tenant: Tenant) -> None:
    whole = any_tenant.ask()
    streamed = any_tenant.stream()[-1][1]

    for same in ("answer", "mode", "citations", "found", "language", "notices"):
        assert whole[same] == streamed[same]
    assert any_tenant.requests_used == 2


def test_a_reader_who_leaves_in_the_middle_keeps_the_unit_and_frees_the_thread(
    open_tenant: OpenTenant,
) -> None:
    tenant = open_tenant("echo")
    response = tenant.post("/api/chat", {"question": ASKED, "stream": True})
    first = next(response.iter_encoded())
    assert b"event: token" in first

    response.close()

    assert tenant.services.streams.active == 0
    assert tenant.requests_used == 1
    usage = tenant.services.billing.report.usage()
    assert usage.tokens_out > 0
    assert tenant.services.billing.ledger.give_back_open() == 0


def test_a_reader_who_leaves_before_the_first_word_frees_the_thread_too(any_tenant: Tenant) -> None:
    services = any_tenant.services
    actor = services.accounts.keys.actor_of(any_tenant.new_key()["X-API-Key"])

    services.assistant.open(actor, Asked(ASKED)).close()

    assert services.streams.active == 0
    assert services.billing.ledger.give_back_open() == 0
    assert any_tenant.requests_used == 1


def test_closing_twice_frees_one_thread_only(tenant: Tenant) -> None:
    services = tenant.services
    actor = services.accounts.keys.actor_of(tenant.new_key()["X-API-Key"])
    services.streams.acquire()
    running = services.assistant.open(actor, Asked(ASKED))

    running.close()
    running.close()

    assert services.streams.active == 1


def test_when_every_thread_but_two_is_taken_the_next_question_waits_its_turn(open_tenant: OpenTenant) -> None:
    tenant = open_tenant(threads="3")
    tenant.services.streams.acquire()

    response = tenant.post("/api/chat", {"question": ASKED, "stream": True})

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert tenant.requests_used == 0
    assert tenant.services.billing.ledger.give_back_open() == 0
    assert tenant.client.get("/healthz").status_code == 200
    tenant.services.streams.release()
    assert tenant.ask()["found"] is True


def test_calls_refused_as_busy_leave_the_minute_to_those_that_come_after(open_tenant: OpenTenant) -> None:
    tenant = open_tenant(threads="3", max_requests_per_minute="2")
    tenant.services.streams.acquire()
    refused = [tenant.post("/api/chat", {"question": ASKED}).status_code for _ in range(5)]
    tenant.services.streams.release()

    assert refused == [503] * 5
    assert tenant.ask()["found"] is True


@pytest.mark.parametrize(
    "fails", [OperationalError("select", {}, Exception("disk I/O error")), OSError("gone")]
)
def test_an_answer_that_fails_gives_its_unit_back(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, fails: Exception
) -> None:
    def broken(*_: object) -> None:
        raise fails

    monkeypatch.setattr(Search, "search", broken)

    whole = tenant.post("/api/chat", {"question": ASKED})
    streamed = tenant.stream()

    assert whole.status_code == 500
    assert [name for name, _ in streamed] == ["error"]
    assert streamed[0][1]["status"] == 500
    assert "gone" not in str(streamed)
    assert tenant.requests_used == 0
    assert tenant.services.streams.active == 0


def test_an_answer_that_cannot_be_kept_gives_its_unit_back(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Conversations, "add_turn", full)

    assert tenant.post("/api/chat", {"question": ASKED}).status_code == 500
    assert tenant.requests_used == 0


def test_what_the_model_took_for_an_answer_that_cannot_be_kept_is_owed(open_tenant: OpenTenant) -> None:
    tenant = open_tenant("echo", llm_price_in_per_million="1000", llm_price_out_per_million="1000")
    with tenant.services.database.write() as session:
        session.execute(
            text(
                "CREATE TRIGGER broken BEFORE INSERT ON turns "
                "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        )

    assert tenant.post("/api/chat", {"question": ASKED}).status_code == 500

    usage = tenant.services.billing.report.usage()
    assert usage.requests_used == 0
    assert usage.tokens_out > 0
    assert tenant.services.billing.budget.state(usage.month).spent > 0


def test_a_conversation_deleted_meanwhile_is_told_in_the_stream(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = tenant.ask()["conversation_id"]
    search = Search.search

    def search_while_it_is_deleted(self: Search, *arguments: object) -> object:
        tenant.client.delete(f"/api/conversations/{conversation}", headers=tenant.member)
        return search(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Search, "search", search_while_it_is_deleted)
    events = tenant.stream(conversation_id=conversation)

    assert events[-1][0] == "error"
    assert events[-1][1]["status"] == 404
    assert tenant.requests_used == 1


def test_a_stream_stops_when_its_reader_is_shut_out(tenant: Tenant) -> None:
    tenant.sign_up("admin@dupont.test", "admin")
    response = tenant.post("/api/chat", {"question": ASKED, "stream": True})
    chunks = response.iter_encoded()
    tenant.services.accounts.users.change(1, active=False)

    text = b"".join(chunks).decode()
    response.close()

    events = parse_events(text)
    assert "done" not in [name for name, _ in events]
    assert events[-1][0] == "error"
    assert events[-1][1]["status"] == 401
    assert tenant.services.streams.active == 0


def test_nginx_is_told_not_to_gather_the_sentences(tenant: Tenant) -> None:
    response = tenant.post("/api/chat", {"question": ASKED, "stream": True})

    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.headers["Cache-Control"] == "no-store"
    response.close()


def test_whoever_may_not_ask_gets_no_stream(tenant: Tenant) -> None:
    nobody: Headers = {"Authorization": "Bearer nothing"}

    assert tenant.post("/api/chat", {"question": ASKED, "stream": True}, nobody).status_code == 401
    assert tenant.services.streams.active == 0


def test_an_answer_ends_with_done_and_nothing_after(tenant: Tenant) -> None:
    services = tenant.services
    actor = services.accounts.keys.actor_of(tenant.new_key()["X-API-Key"])

    with services.assistant.open(actor, Asked(ASKED)) as running:
        events: list[Event] = list(running)

    assert [isinstance(event, Done) for event in events] == [False] * (len(events) - 1) + [True]


def test_of_fifty_calls_at_once_on_a_quota_of_one_exactly_one_is_answered(open_tenant: OpenTenant) -> None:
    tenant = open_tenant(max_requests_monthly="1", max_requests_per_minute="100")
    together = threading.Barrier(50)
    statuses: list[int] = []

    def ask() -> None:
        together.wait()
        statuses.append(tenant.post("/api/chat", {"question": ASKED}).status_code)

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200] + [429] * 49
    assert tenant.requests_used == 1


def test_once_answered_the_usage_file_says_so(tenant: Tenant) -> None:
    usage = tenant.services.settings.data_dir / "usage" / "2025-01.json"

    for asked in (1, 2):
        tenant.ask()
        assert json.loads(usage.read_bytes())["requests_used"] == asked
    tenant.stream()
    assert json.loads(usage.read_bytes())["requests_used"] == 3
