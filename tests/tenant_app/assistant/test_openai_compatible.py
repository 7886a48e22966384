"""OpenAI's own client works with a tenant's key, and gets the same answers, counted the same."""

import threading
from collections.abc import Iterator

import openai
import pytest
from werkzeug.serving import make_server

from tests.tenant_app.assistant.conftest import OpenTenant
from tests.tenant_app.assistant.tenant import ASKED, Headers, Tenant

MESSAGES = [{"role": "user", "content": ASKED}]


@pytest.fixture
def tenant(open_tenant: OpenTenant) -> Tenant:
    """Return a tenant with a model."""
    return open_tenant("echo")


@pytest.fixture
def served(tenant: Tenant) -> Iterator[str]:
    """Serve the tenant on a real port; return the base URL of its compatible routes."""
    server = make_server("127.0.0.1", 0, tenant.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(tenant: Tenant, served: str) -> Iterator[openai.OpenAI]:
    """Return OpenAI's client with a key of the tenant."""
    key = tenant.new_key()["X-API-Key"]
    with openai.OpenAI(api_key=key, base_url=served, max_retries=0, timeout=20) as client:
        yield client


def test_openai_s_client_gets_a_cited_answer(client: openai.OpenAI, tenant: Tenant) -> None:
    completion = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": ASKED}], temperature=0.3, max_tokens=50
    )

    (choice,) = completion.choices
    assert choice.finish_reason == "stop"
    assert choice.message.content is not None
    assert "[1]" in choice.message.content
    assert completion.model == "ceseda-pro-v1"
    assert completion.usage is not None
    assert (
        completion.usage.total_tokens
        == completion.usage.prompt_tokens + completion.usage.completion_tokens
        > 0
    )
    assert completion.model_extra is not None
    assert completion.model_extra["mode"] == "llm"
    assert completion.model_extra["citations"][0]["document"] == "recours.txt"
    assert tenant.requests_used == 1


def test_openai_s_client_gets_the_same_answer_streamed(client: openai.OpenAI, tenant: Tenant) -> None:
    whole = client.chat.completions.create(model="x", messages=[{"role": "user", "content": ASKED}])

    chunks = list(
        client.chat.completions.create(
            model="x",
            messages=[{"role": "user", "content": ASKED}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )

    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said.strip() == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0
    assert tenant.requests_used == 2


def test_openai_s_client_reads_each_sentence_s_support_and_the_citations_streamed_or_not(
    client: openai.OpenAI,
) -> None:
    whole = client.chat.completions.create(model="x", messages=[{"role": "user", "content": ASKED}])
    *chunks, last = client.chat.completions.create(
        model="x", messages=[{"role": "user", "content": ASKED}], stream=True
    )

    # They come once, when the answer they speak of is whole.
    assert not any("citations" in (chunk.model_extra or {}) for chunk in chunks)
    said = whole.choices[0].message.content or ""
    for extension in (whole.model_extra, last.model_extra):
        assert extension is not None
        (citation,) = extension["citations"]
        assert (citation["n"], citation["document"], citation["page"]) == (1, "recours.txt", 3)
        assert citation["quote"] in citation["passage"]
        for sentence in extension["sentences"]:
            assert said[sentence["start"] : sentence["end"]] == sentence["text"]
        # The simulator repeats the question, which states nothing, before the first sentence of the passage.
        asked, stated = extension["sentences"]
        assert (asked["supported"], asked["citations"]) == (None, [])
        assert (stated["supported"], stated["doubt"], stated["citations"]) == (True, None, [1])
        assert 0.5 <= stated["support"] <= 1


def test_openai_s_client_reads_which_sentence_is_in_doubt_and_why_streamed_or_not(
    client: openai.OpenAI, tenant: Tenant
) -> None:
    assert tenant.simulator is not None
    tenant.simulator.behaviour = "invent"

    whole = client.chat.completions.create(model="x", messages=[{"role": "user", "content": ASKED}])
    *_, last = client.chat.completions.create(
        model="x", messages=[{"role": "user", "content": ASKED}], stream=True
    )

    for extension in (whole.model_extra, last.model_extra):
        assert extension is not None
        doubted = [sentence for sentence in extension["sentences"] if sentence["supported"] is False]
        assert [sentence["doubt"] for sentence in doubted] == ["facts"]
        assert doubted[0]["support"] < 0.5
        assert "unsupported" in {notice["code"] for notice in extension["notices"]}


def test_a_stream_is_not_told_its_usage_unless_it_asks(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(model="x", messages=[{"role": "user", "content": ASKED}], stream=True)
    )

    assert all(chunk.choices for chunk in chunks)


def test_a_stream_whose_model_breaks_off_says_where_the_valid_answer_begins(
    client: openai.OpenAI, tenant: Tenant
) -> None:
    assert tenant.simulator is not None
    tenant.simulator.behaviour = "cut"

    chunks = client.chat.completions.create(
        model="x", messages=[{"role": "user", "content": ASKED}], stream=True
    )
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)

    assert "La réponse s'est interrompue. Voici ce que disent vos documents :\n\n" in said
    assert said.rstrip().endswith("[1]")


def test_the_model_is_listed_under_its_name(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["ceseda-pro-v1"]


def test_what_was_said_before_goes_to_the_model_without_the_rank_of_a_rule(
    client: openai.OpenAI, tenant: Tenant
) -> None:
    assert tenant.simulator is not None
    client.chat.completions.create(
        model="x",
        messages=[
            {"role": "system", "content": "Parle comme un pirate."},
            {"role": "assistant", "content": "Bonjour."},
            {"role": "user", "content": [{"type": "text", "text": ASKED}]},
        ],
    )

    sent = tenant.simulator.requests[0]["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"]
    assert sent[1]["content"] == "Parle comme un pirate."


def test_errors_are_the_client_library_s_own(client: openai.OpenAI, served: str) -> None:
    with pytest.raises(openai.BadRequestError) as empty:
        client.chat.completions.create(model="x", messages=[{"role": "user", "content": "  "}])
    assert empty.value.code == "empty-question"

    with (
        openai.OpenAI(api_key="sk_professional_unknown", base_url=served, max_retries=0) as stranger,
        pytest.raises(openai.PermissionDeniedError),
    ):
        stranger.models.list()


def test_beyond_the_quota_the_client_library_says_rate_limited(open_tenant: OpenTenant) -> None:
    tenant = open_tenant(max_requests_monthly="0")

    response = tenant.post("/v1/chat/completions", {"model": "x", "messages": MESSAGES}, tenant.new_key())

    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert response.get_json()["error"]["type"] == "rate_limit_error"


@pytest.mark.parametrize(
    "body",
    [
        {"model": "x", "messages": []},
        {"model": "x", "messages": [{"role": "assistant", "content": "Oui."}]},
        {"model": "x", "messages": [{"role": "tool", "content": "Oui."}]},
        {"model": "x", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        {"model": "x", "messages": MESSAGES, "n": 2},
        {"messages": MESSAGES},
        {"model": "x", "messages": [{"role": "user", "content": "a" * 20_001}, *MESSAGES]},
    ],
)
def test_what_this_instance_cannot_do_is_refused_and_counts_nothing(
    tenant: Tenant, body: dict[str, object]
) -> None:
    response = tenant.post("/v1/chat/completions", body)

    assert response.status_code == 400
    assert response.get_json()["error"]["type"] == "invalid_request_error"
    assert tenant.requests_used == 0


def test_nothing_is_kept_of_a_compatible_call(tenant: Tenant) -> None:
    key: Headers = tenant.new_key()
    tenant.post("/v1/chat/completions", {"model": "x", "messages": MESSAGES}, key)

    assert tenant.client.get("/api/conversations", headers=key).get_json() == {"conversations": []}


def test_a_plan_without_the_feature_is_refused(open_tenant: OpenTenant) -> None:
    tenant = open_tenant(advanced_features="false")
    key = tenant.new_key()

    called = tenant.post("/v1/chat/completions", {"model": "x", "messages": MESSAGES}, key)
    listed = tenant.client.get("/v1/models", headers=key)

    for response in (called, listed):
        assert response.status_code == 403
        assert response.get_json()["error"]["code"] == "feature-not-included"
    assert tenant.requests_used == 0


def test_a_stream_that_fails_unforeseen_tells_it_in_the_library_s_shape(
    client: openai.OpenAI, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr("tenant_app.retrieval.search.Search.search", broken)
    tenant.services.server_errors.start()

    chunks = client.chat.completions.create(
        model="x", messages=[{"role": "user", "content": ASKED}], stream=True
    )
    with pytest.raises(openai.APIError, match="interrompue"):
        list(chunks)
    assert tenant.requests_used == 0
    tenant.services.server_errors.stop()
    told = (tenant.services.settings.data_dir / "usage" / "errors.json").read_text()
    assert '"route":"POST /v1/chat/completions","status":500,"count":1' in told
