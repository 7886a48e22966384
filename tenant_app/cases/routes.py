"""The routes of cases: the cases themselves, their members, notes, deadlines and documents."""

from flask import Blueprint, Response

from tenant_app.api.authentication import requires
from tenant_app.api.bodies import answered, json_body, query_arguments
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.documentation import documented
from tenant_app.cases.schemas import (
    CaseChange,
    CaseList,
    CaseQuery,
    CaseView,
    DeadlineChange,
    DeadlineList,
    DeadlineQuery,
    DeadlineView,
    DueList,
    DueView,
    MemberList,
    MemberView,
    NewCase,
    NewDeadline,
    NoteBody,
    NoteList,
    NoteView,
)
from tenant_app.cases.service import Cases
from tenant_app.library.schemas import DocumentList, DocumentView

blueprint = Blueprint("cases", __name__)


def _cases() -> Cases:
    return current_services().cases


@blueprint.get("/api/cases")
@documented(summary="Les dossiers", query=CaseQuery, answer=CaseList, errors=[400, 401, 403])
@requires("cases.read")
def list_cases() -> Response:
    """List the cases one may see, last changed first."""
    wanted = query_arguments(CaseQuery)
    register = _cases().register
    found = register.find(
        current_actor(), words=wanted.q, status=wanted.status, most=wanted.limit, skip=wanted.offset
    )
    return answered(
        CaseList(
            cases=[CaseView.of(summary) for summary in found.cases],
            total=found.total,
            used=register.count(),
            limit=register.limit,
        )
    )


@blueprint.post("/api/cases")
@documented(
    summary="Ouvrir un dossier", body=NewCase, answer=CaseView, status=201, errors=[400, 401, 403, 409]
)
@requires("cases.write")
def open_case() -> Response:
    """Open a case within the plan's limit; who opens it is its first member."""
    return answered(CaseView.of(_cases().register.open(current_actor(), json_body(NewCase).details())), 201)


@blueprint.get("/api/cases/<int:case_id>")
@documented(summary="Un dossier", answer=CaseView, errors=[401, 403, 404])
@requires("cases.read")
def show_case(case_id: int) -> Response:
    """Show one case."""
    return answered(CaseView.of(_cases().register.get(current_actor(), case_id)))


@blueprint.patch("/api/cases/<int:case_id>")
@documented(
    summary="Modifier, clore ou rouvrir un dossier",
    body=CaseChange,
    answer=CaseView,
    errors=[400, 401, 403, 404, 409],
)
@requires("cases.write")
def change_case(case_id: int) -> Response:
    """Change a case; a closed one can only be opened again."""
    change = json_body(CaseChange)
    changed = _cases().register.change(current_actor(), case_id, change.details(), change.status)
    return answered(CaseView.of(changed))


@blueprint.delete("/api/cases/<int:case_id>")
@documented(summary="Supprimer un dossier et tout ce qu'il contient", status=204, errors=[401, 403, 404])
@requires("cases.write")
def delete_case(case_id: int) -> Response:
    """Delete a case with its documents, conversations, notes, deadlines and analyses."""
    _cases().register.delete(current_actor(), case_id)
    return Response(status=204)


@blueprint.get("/api/cases/<int:case_id>/members")
@documented(summary="Les membres d'un dossier", answer=MemberList, errors=[401, 403, 404])
@requires("cases.read")
def list_members(case_id: int) -> Response:
    """List who belongs to a case."""
    members = _cases().members.list_of(current_actor(), case_id)
    return answered(MemberList(members=[MemberView.of(user) for user in members]))


@blueprint.get("/api/cases/<int:case_id>/members/<int:user_id>")
@documented(summary="Un membre d'un dossier", answer=MemberView, errors=[401, 403, 404])
@requires("cases.read")
def show_member(case_id: int, user_id: int) -> Response:
    """Show one member of a case."""
    return answered(MemberView.of(_cases().members.get(current_actor(), case_id, user_id)))


@blueprint.put("/api/cases/<int:case_id>/members/<int:user_id>")
@documented(summary="Ajouter un membre à un dossier", answer=MemberView, errors=[401, 403, 404, 409])
@requires("cases.write")
def add_member(case_id: int, user_id: int) -> Response:
    """Make a user a member of a case; one already there stays."""
    return answered(MemberView.of(_cases().members.add(current_actor(), case_id, user_id)))


@blueprint.delete("/api/cases/<int:case_id>/members/<int:user_id>")
@documented(summary="Retirer un membre d'un dossier", status=204, errors=[401, 403, 404, 409])
@requires("cases.write")
def remove_member(case_id: int, user_id: int) -> Response:
    """Take a member off a case."""
    _cases().members.remove(current_actor(), case_id, user_id)
    return Response(status=204)


@blueprint.get("/api/cases/<int:case_id>/notes")
@documented(summary="Les notes d'un dossier", answer=NoteList, errors=[401, 403, 404])
@requires("cases.read")
def list_notes(case_id: int) -> Response:
    """List the notes of a case, newest first."""
    notes = _cases().notes.list_of(current_actor(), case_id)
    return answered(NoteList(notes=[NoteView.of(note) for note in notes]))


@blueprint.post("/api/cases/<int:case_id>/notes")
@documented(
    summary="Écrire une note", body=NoteBody, answer=NoteView, status=201, errors=[400, 401, 403, 404, 409]
)
@requires("cases.write")
def add_note(case_id: int) -> Response:
    """Write a note on a case."""
    note = _cases().notes.add(current_actor(), case_id, json_body(NoteBody).text)
    return answered(NoteView.of(note), 201)


@blueprint.get("/api/cases/<int:case_id>/notes/<int:note_id>")
@documented(summary="Une note", answer=NoteView, errors=[401, 403, 404])
@requires("cases.read")
def show_note(case_id: int, note_id: int) -> Response:
    """Show one note."""
    return answered(NoteView.of(_cases().notes.get(current_actor(), case_id, note_id)))


@blueprint.patch("/api/cases/<int:case_id>/notes/<int:note_id>")
@documented(summary="Modifier sa note", body=NoteBody, answer=NoteView, errors=[400, 401, 403, 404, 409])
@requires("cases.write")
def change_note(case_id: int, note_id: int) -> Response:
    """Rewrite a note of one's own."""
    note = _cases().notes.change(current_actor(), case_id, note_id, json_body(NoteBody).text)
    return answered(NoteView.of(note))


@blueprint.delete("/api/cases/<int:case_id>/notes/<int:note_id>")
@documented(summary="Supprimer une note", status=204, errors=[401, 403, 404, 409])
@requires("cases.write")
def remove_note(case_id: int, note_id: int) -> Response:
    """Remove a note of one's own; an administrator removes any."""
    _cases().notes.remove(current_actor(), case_id, note_id)
    return Response(status=204)


@blueprint.get("/api/deadlines")
@documented(
    summary="Les échéances de ses dossiers", query=DeadlineQuery, answer=DueList, errors=[400, 401, 403]
)
@requires("cases.read")
def list_due() -> Response:
    """List the deadlines of every open case one may see."""
    deadlines = _cases().deadlines
    today = deadlines.today()
    found = deadlines.of_all_cases(current_actor(), query_arguments(DeadlineQuery).due)
    return answered(DueList(deadlines=[DueView.of_case(due, today) for due in found]))


@blueprint.get("/api/cases/<int:case_id>/deadlines")
@documented(
    summary="Les échéances d'un dossier",
    query=DeadlineQuery,
    answer=DeadlineList,
    errors=[400, 401, 403, 404],
)
@requires("cases.read")
def list_deadlines(case_id: int) -> Response:
    """List the deadlines of a case, earliest first."""
    deadlines = _cases().deadlines
    today = deadlines.today()
    found = deadlines.list_of(current_actor(), case_id, query_arguments(DeadlineQuery).due)
    return answered(DeadlineList(deadlines=[DeadlineView.of(one, today) for one in found]))


@blueprint.post("/api/cases/<int:case_id>/deadlines")
@documented(
    summary="Noter une échéance",
    body=NewDeadline,
    answer=DeadlineView,
    status=201,
    errors=[400, 401, 403, 404, 409],
)
@requires("cases.write")
def add_deadline(case_id: int) -> Response:
    """Note a deadline of a case."""
    wanted = json_body(NewDeadline)
    deadlines = _cases().deadlines
    added = deadlines.add(current_actor(), case_id, wanted.title, wanted.due_on)
    return answered(DeadlineView.of(added, deadlines.today()), 201)


@blueprint.get("/api/cases/<int:case_id>/deadlines/<int:deadline_id>")
@documented(summary="Une échéance", answer=DeadlineView, errors=[401, 403, 404])
@requires("cases.read")
def show_deadline(case_id: int, deadline_id: int) -> Response:
    """Show one deadline."""
    deadlines = _cases().deadlines
    return answered(DeadlineView.of(deadlines.get(current_actor(), case_id, deadline_id), deadlines.today()))


@blueprint.patch("/api/cases/<int:case_id>/deadlines/<int:deadline_id>")
@documented(
    summary="Modifier une échéance, ou dire qu'elle est tenue",
    body=DeadlineChange,
    answer=DeadlineView,
    errors=[400, 401, 403, 404, 409],
)
@requires("cases.write")
def change_deadline(case_id: int, deadline_id: int) -> Response:
    """Change a deadline or say whether it is done."""
    change = json_body(DeadlineChange)
    deadlines = _cases().deadlines
    changed = deadlines.change(
        current_actor(), case_id, deadline_id, title=change.title, due_on=change.due_on, done=change.done
    )
    return answered(DeadlineView.of(changed, deadlines.today()))


@blueprint.delete("/api/cases/<int:case_id>/deadlines/<int:deadline_id>")
@documented(summary="Supprimer une échéance", status=204, errors=[401, 403, 404, 409])
@requires("cases.write")
def remove_deadline(case_id: int, deadline_id: int) -> Response:
    """Remove a deadline."""
    _cases().deadlines.remove(current_actor(), case_id, deadline_id)
    return Response(status=204)


@blueprint.get("/api/cases/<int:case_id>/documents")
@documented(summary="Les documents d'un dossier", answer=DocumentList, errors=[401, 403, 404])
@requires("cases.read")
def list_documents(case_id: int) -> Response:
    """List the documents of a case, newest first."""
    found = _cases().documents.list_of(current_actor(), case_id)
    return answered(
        DocumentList(documents=[DocumentView.of(document) for document in found], total=len(found))
    )


@blueprint.put("/api/cases/<int:case_id>/documents/<int:document_id>")
@documented(
    summary="Verser un document du cabinet dans un dossier",
    answer=DocumentView,
    errors=[401, 403, 404, 409],
)
@requires("cases.write")
def take_document_in(case_id: int, document_id: int) -> Response:
    """Move a document of the whole firm into a case: its members alone see it from now on."""
    return answered(DocumentView.of(_cases().documents.take_in(current_actor(), case_id, document_id)))


@blueprint.delete("/api/cases/<int:case_id>/documents/<int:document_id>")
@documented(
    summary="Rendre un document d'un dossier au cabinet", answer=DocumentView, errors=[401, 403, 404, 409]
)
@requires("cases.write")
def give_document_back(case_id: int, document_id: int) -> Response:
    """Move a document of a case to the firm's library: everybody sees it from now on."""
    return answered(DocumentView.of(_cases().documents.give_back(current_actor(), case_id, document_id)))
