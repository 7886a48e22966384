"""A question asked before is answered from memory, for those with the same rights, while nothing changed."""

import pytest

from tenant_app.case_files import CaseFile, CaseMember
from tests.embedding_server_fixture import EmbeddingServer
from tests.tenant_app.assistant.conftest import OpenTenant
from tests.tenant_app.assistant.tenant import ASKED, Tenant


@pytest.fixture
def tenant(open_tenant: OpenTenant, embedding_server: EmbeddingServer) -> Tenant:
    """Return a tenant with a model and vectors: an answer without vectors is not remembered."""
    return open_tenant("echo", embedding_socket=str(embedding_server.socket))


def calls(tenant: Tenant) -> int:
    """Return how often the model was asked."""
    assert tenant.simulator is not None
    return len(tenant.simulator.requests)


def test_the_second_answer_is_the_same_and_costs_a_request_but_no_tokens(tenant: Tenant) -> None:
    first, second = tenant.ask(), tenant.ask(f"  {ASKED} ")

    assert calls(tenant) == 1
    for same in ("answer", "mode", "citations", "sentences", "found", "notices"):
        assert first[same] == second[same]
    assert second["usage"]["tokens_in"] == second["usage"]["tokens_out"] == 0
    assert tenant.requests_used == 2
    assert tenant.services.billing.answer_counts()["from_cache"] == 1


def test_a_streamed_answer_from_memory_is_whole(tenant: Tenant) -> None:
    first = tenant.ask()

    events = tenant.stream()

    assert "".join(data["text"] for name, data in events if name == "token") == first["answer"]
    assert calls(tenant) == 1


def test_somebody_with_the_same_rights_shares_it_and_somebody_with_others_does_not(tenant: Tenant) -> None:
    tenant.ask()
    colleague, viewer = tenant.sign_up("bob@dupont.test"), tenant.sign_up("eve@dupont.test", "viewer")

    tenant.ask(headers=colleague)
    assert calls(tenant) == 1
    tenant.ask(headers=viewer)
    assert calls(tenant) == 2


def test_a_member_of_a_case_does_not_share_answers_with_who_is_not(tenant: Tenant) -> None:
    now = tenant.services.clock.now()
    with tenant.services.database.write() as session:
        case = CaseFile(title="Affaire Durand", created_at=now, updated_at=now)
        session.add(case)
        session.flush()
        session.add(CaseMember(case_id=case.id, user_id=1))
    outsider = tenant.sign_up("bob@dupont.test")
    tenant.ask()

    tenant.ask(headers=outsider)

    assert calls(tenant) == 2


def test_an_answer_dies_with_the_library_it_was_made_from(tenant: Tenant) -> None:
    tenant.ask()
    document = tenant.shelve("avenant.txt", "Le délai de recours est porté à soixante jours.")

    answer = tenant.ask()
    tenant.client.delete(f"/api/documents/{document}", headers=tenant.member)
    tenant.ask()

    assert calls(tenant) == 3
    assert answer["found"] is True


def test_what_failed_is_not_remembered(tenant: Tenant) -> None:
    assert tenant.simulator is not None
    tenant.simulator.behaviour = "error-500"
    assert tenant.ask()["mode"] == "local"
    tenant.simulator.behaviour = "echo"

    assert tenant.ask()["mode"] == "llm"


def test_an_answer_asked_for_again_is_made_again(tenant: Tenant) -> None:
    answer = tenant.ask()
    path = f"/api/conversations/{answer['conversation_id']}/turns/{answer['turn_id']}/regenerate"

    tenant.post(path, {})

    assert calls(tenant) == 2


def test_the_same_words_after_another_question_are_another_question(tenant: Tenant) -> None:
    first = tenant.ask("Et ensuite ?")
    conversation = tenant.ask()["conversation_id"]

    second = tenant.ask("Et ensuite ?", conversation_id=conversation)

    assert first["found"] is False
    assert second["found"] is True
