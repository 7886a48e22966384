"""A search is limited before it is made: by rights, case, document and dates."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tenant_app.accounts.actor import OPERATOR
from tenant_app.case_files import CaseFile, CaseMember
from tenant_app.errors import InvalidInput, NotFound
from tenant_app.passages import Chunk, Document
from tenant_app.retrieval.scope import Scope
from tenant_app.services import Services
from tenant_app.settings import Settings
from tests.embedding_server_fixture import EmbeddingServer
from tests.tenant_app.conftest import SignUp
from tests.tenant_app.environment import environment
from tests.tenant_app.retrieval.passages_sample import NOW, PassagesSample

MODEL = "all-MiniLM-L6-v2"
CROWD = 130
"""More passages than either search takes as candidates."""

Find = Callable[..., list[str]]


@pytest.fixture
def settings(data_dir: Path, embedding_server: EmbeddingServer) -> Settings:
    """Return the settings of a tenant whose embedding server runs."""
    return Settings.model_validate(environment(data_dir, embedding_socket=str(embedding_server.socket)))


@pytest.fixture
def library(services: Services) -> PassagesSample:
    """Return an empty library."""
    return PassagesSample(services.database)


@pytest.fixture
def open_case(services: Services) -> Callable[[str], int]:
    """Open a case whose only member is the user with this address, and return its number."""

    def opened(email: str) -> int:
        with services.database.write() as session:
            case = CaseFile(title=email, created_at=NOW, updated_at=NOW)
            session.add(case)
            session.flush()
            user = services.accounts.users.find_by_email(email)
            session.add(CaseMember(case_id=case.id, user_id=user.id))
            return case.id

    return opened


def _put_in_case(services: Services, chunk_ids: list[int], case_id: int) -> None:
    documents = select(Chunk.document_id).where(Chunk.id.in_(chunk_ids)).scalar_subquery()
    with services.database.write() as session:
        session.execute(update(Document).where(Document.id.in_(documents)).values(case_id=case_id))


def _give_vectors(services: Services, library: PassagesSample, chunk_ids: list[int], words: str) -> None:
    (vector,) = services.search._embeddings.embed_passages([words])
    library.set_vectors(dict.fromkeys(chunk_ids, vector), model=MODEL)


@pytest.fixture
def find(client: FlaskClient) -> Find:
    """Search as the person with this credential; return the names of the documents found."""

    def found(credential: dict[str, str], query: str, **limits: object) -> list[str]:
        answer = client.post("/api/search", json={"query": query, **limits}, headers=credential)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return [result["document"] for result in answer.get_json()["results"]]

    return found


@pytest.fixture
def secret_case(
    services: Services, library: PassagesSample, open_case: Callable[[str], int], member: dict[str, str]
) -> int:
    """Fill the library with a member's case that answers best, and three firm documents that answer less."""
    secrets = [
        library.add(f"Le licenciement de Martin, pièce {number}.", name=f"secret-{number}.txt")
        for number in range(CROWD)
    ]
    firms = [
        library.add(
            f"Notre cabinet traite parfois d'un licenciement, parmi bien d'autres sujets divers ({number}).",
            name=f"cabinet-{number}.txt",
        )
        for number in range(3)
    ]
    case_id = open_case("member@dupont.test")
    _put_in_case(services, secrets, case_id)
    _give_vectors(services, library, secrets, "Le licenciement de Martin")
    _give_vectors(services, library, firms, "Les sujets du cabinet")
    return case_id


def test_who_may_not_see_a_case_never_finds_its_documents_and_still_finds_enough(
    find: Find, secret_case: int, member: dict[str, str], sign_up: SignUp
) -> None:
    stranger = sign_up("autre@dupont.test", "member")
    assert sorted(find(stranger, "licenciement de Martin", top_k=3)) == [
        "cabinet-0.txt",
        "cabinet-1.txt",
        "cabinet-2.txt",
    ]
    assert all(name.startswith("cabinet") for name in find(stranger, "dismissal of Martin", top_k=50))
    assert find(member, "licenciement de Martin", top_k=1)[0].startswith("secret")


def test_the_same_holds_once_the_vector_index_is_open(
    services: Services, find: Find, secret_case: int, admin: dict[str, str], viewer: dict[str, str]
) -> None:
    find(admin, "licenciement")
    while services.index.maintain():
        pass
    assert services.index.state == "ready"
    assert find(admin, "licenciement de Martin", top_k=1)[0].startswith("secret")
    assert len(find(viewer, "licenciement de Martin", top_k=50)) == 3


def test_a_case_is_searched_alone_or_with_the_firms_documents(
    services: Services, find: Find, secret_case: int, member: dict[str, str]
) -> None:
    alone = find(member, "licenciement cabinet", case_id=secret_case, top_k=50)
    assert len(alone) == 50
    assert all(name.startswith("secret") for name in alone)
    both = services.search.search(OPERATOR, "licenciement cabinet", 50, Scope(case_id=secret_case))
    assert {hit.document[:6] for hit in both.hits} == {"secret", "cabine"}
    assert both.searched == CROWD + 3


def test_another_case_is_left_out_of_a_case(
    services: Services,
    library: PassagesSample,
    open_case: Callable[[str], int],
    secret_case: int,
    member: dict[str, str],
) -> None:
    other = library.add("Le licenciement de Durand.", name="durand.txt")
    other_case = open_case("member@dupont.test")
    _put_in_case(services, [other], other_case)
    found = services.search.search(OPERATOR, "licenciement de Durand", 50, Scope(case_id=other_case))
    assert {hit.document[:6] for hit in found.hits} == {"durand", "cabine"}


def test_one_document_is_searched(find: Find, library: PassagesSample, member: dict[str, str]) -> None:
    library.add("Le préavis est de trois mois.", name="a.txt")
    library.add("Le préavis est de six mois.", name="b.txt")
    assert find(member, "préavis", document_id=2) == ["b.txt"]


def test_documents_are_searched_by_the_day_they_came_in(
    services: Services, library: PassagesSample, find: Find, member: dict[str, str]
) -> None:
    for number in range(3):
        library.add(f"Le préavis, version {number}.", name=f"{number}.txt")
    with services.database.write() as session:
        for document in session.scalars(select(Document)):
            document.created_at = NOW + timedelta(days=document.id, hours=14)
    day = NOW.date() + timedelta(days=2)
    assert find(member, "préavis", since=day.isoformat(), until=day.isoformat()) == ["1.txt"]
    assert sorted(find(member, "préavis", since=day.isoformat())) == ["1.txt", "2.txt"]
    assert sorted(find(member, "préavis", until=day.isoformat())) == ["0.txt", "1.txt"]


def test_a_case_or_document_that_is_not_yours_is_not_there(
    client: FlaskClient, secret_case: int, viewer: dict[str, str]
) -> None:
    for limit in ({"case_id": secret_case}, {"case_id": 999}, {"document_id": 1}, {"document_id": 999}):
        answer = client.post("/api/search", json={"query": "licenciement", **limit}, headers=viewer)
        assert answer.status_code == 404, limit


@pytest.mark.parametrize(
    "limits",
    [
        {"case_id": 0},
        {"case_id": "1"},
        {"document_id": 10**18},
        {"since": "hier"},
        {"since": 1736899200},
        {"until": "2025-01-15T10:00:00Z"},
        {"since": "2025-02-01", "until": "2025-01-31"},
    ],
)
def test_limits_that_make_no_sense_are_refused(
    client: FlaskClient, member: dict[str, str], limits: dict[str, object]
) -> None:
    answer = client.post("/api/search", json={"query": "préavis", **limits}, headers=member)
    assert answer.status_code == 400


def test_reversed_dates_are_refused_wherever_they_come_from() -> None:
    with pytest.raises(InvalidInput):
        Scope(since=date(2025, 2, 1), until=date(2025, 1, 31))


def test_nobody_finds_anything_in_a_scope_they_may_not_see(services: Services, secret_case: int) -> None:
    nobody = replace(OPERATOR, permissions=frozenset({"usage.read"}))
    assert services.search.search(nobody, "licenciement", 5).hits == ()
    with pytest.raises(NotFound):
        services.search.search(nobody, "licenciement", 5, Scope(case_id=secret_case))
