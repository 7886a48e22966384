"""The list of cases, one case with all that hangs on it, and the forms that change it, without scripts."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response as BaseResponse

from tenant_app.api.context import current_actor, current_services
from tenant_app.case_files import CaseStatus
from tenant_app.cases.analyses.schemas import AnalysisView
from tenant_app.cases.notes import is_author
from tenant_app.cases.schemas import CaseChange, DeadlineChange, DeadlineView, NewCase, NewDeadline, NoteBody
from tenant_app.cases.service import Cases
from tenant_app.errors import InvalidInput, NotFound, TenantAppError
from tenant_app.library.schemas import DocumentView
from tenant_app.validation import Body
from tenant_app.web.document_pages import is_worked_on
from tenant_app.web.forms import form_body
from tenant_app.web.frame import page

CASES_SHOWN: Final = 100
SHOWN: Final = 20
"""How many of one's conversations the page of a case lists."""
STATUSES: Final[dict[str, CaseStatus | None]] = {"open": "open", "closed": "closed", "all": None}
LONGEST_SEARCH: Final = 200

P = ParamSpec("P")
B = TypeVar("B", bound=Body)


@dataclass(frozen=True)
class Looking:
    """What the list was asked for."""

    words: str
    status: str


def _cases() -> Cases:
    return current_services().cases


def _field(name: str) -> str:
    return request.form.get(name, "").strip().replace("\r\n", "\n")


def changing(section: str) -> Callable[[Callable[P, None]], Callable[P, BaseResponse]]:
    """Turn what a form does into a page: back to the section of the case, or the case with the refusal."""

    def decorate(action: Callable[P, None]) -> Callable[P, BaseResponse]:
        @wraps(action)
        def answered(*args: P.args, **kwargs: P.kwargs) -> BaseResponse:
            case_id = kwargs["case_id"]
            assert isinstance(case_id, int)
            try:
                action(*args, **kwargs)
            except NotFound:
                raise
            except TenantAppError as refusal:
                return case_refusing(case_id, refusal)
            return redirect(url_for("web.case", case_id=case_id, _anchor=section), 303)

        return page("cases.write")(answered)

    return decorate


def case_refusing(case_id: int, refusal: TenantAppError) -> Response:
    """Return the page of a case that says why something was refused."""
    answer = make_response(_shown(case_id, refusal))
    answer.status_code = refusal.status
    return answer


@page("cases.read")
def cases() -> str:
    """Show the cases one may see, and the deadlines that come next."""
    return _listed()


def _listed(refusal: TenantAppError | None = None) -> str:
    status = request.args.get("status", "open")
    looking = Looking(request.args.get("q", "")[:LONGEST_SEARCH], status if status in STATUSES else "open")
    actor, register, deadlines = current_actor(), _cases().register, _cases().deadlines
    today = deadlines.today()
    return render_template(
        "cases.html",
        found=register.find(actor, words=looking.words, status=STATUSES[looking.status], most=CASES_SHOWN),
        looking=looking,
        used=register.count(),
        limit=register.limit,
        overdue=deadlines.of_all_cases(actor, "overdue"),
        upcoming=deadlines.of_all_cases(actor, "upcoming")[:5],
        today=today,
        refusal=refusal,
        form=request.form,
    )


@page("cases.write")
def open_case() -> BaseResponse:
    """Open a case, or show the list again with the reason it was refused."""
    try:
        wanted = form_body(
            NewCase,
            title=_field("title"),
            reference=_field("reference"),
            description=_field("description"),
        )
        opened = _cases().register.open(current_actor(), wanted.details())
    except TenantAppError as refusal:
        answer = make_response(_listed(refusal))
        answer.status_code = refusal.status
        return answer
    return redirect(url_for("web.case", case_id=opened.case.id), 303)


@page("cases.read")
def case(case_id: int) -> str:
    """Show one case."""
    return _shown(case_id)


def _shown(case_id: int, refusal: TenantAppError | None = None) -> str:
    cases, actor = _cases(), current_actor()
    summary = cases.register.get(actor, case_id)
    today = cases.deadlines.today()
    notes = cases.notes.list_of(actor, case_id)
    return render_template(
        "case.html",
        case=summary.case,
        may_write=actor.may("cases.write") and summary.case.status == "open",
        members=cases.members.list_of(actor, case_id),
        colleagues=cases.members.others(actor, case_id) if actor.may("cases.write") else (),
        notes=notes,
        own_notes={note.id for note in notes if is_author(actor, note) or actor.may("cases.manage")},
        deadlines=[DeadlineView.of(one, today) for one in cases.deadlines.list_of(actor, case_id)],
        analyses=[AnalysisView.of(one) for one in cases.analyses.list_of(actor, case_id)],
        conversations=current_services().assistant.conversations.list_own(actor, case_id=case_id)[:SHOWN],
        firm_documents=_firm_documents() if actor.may("cases.write") else (),
        usage=current_services().billing.report.usage(),
        upload_bytes=current_services().settings.upload_bytes,
        refusal=refusal,
        **_shelf(case_id),
    )


def _firm_documents() -> list[Any]:
    documents = current_services().library.documents(current_actor())
    return [document for document in documents if document.case_id is None]


@page("cases.read")
def case_document_rows(case_id: int) -> str:
    """Return the documents of a case alone, for a page that follows their reading."""
    summary = _cases().register.get(current_actor(), case_id)
    may_write = current_actor().may("cases.write") and summary.case.status == "open"
    return render_template("case_documents.html", case=summary.case, may_write=may_write, **_shelf(case_id))


def _shelf(case_id: int) -> dict[str, Any]:
    documents = [DocumentView.of(one) for one in _cases().documents.list_of(current_actor(), case_id)]
    return {"documents": documents, "busy": any(map(is_worked_on, documents))}


@changing("about")
def change_case(case_id: int) -> None:
    """Change what a case is called or about."""
    change = form_body(
        CaseChange, title=_field("title"), reference=_field("reference"), description=_field("description")
    )
    _cases().register.change(current_actor(), case_id, change.details())


@changing("about")
def set_case_status(case_id: int) -> None:
    """Close a case, or open it again."""
    change = form_body(CaseChange, status=_field("status"))
    _cases().register.change(current_actor(), case_id, change.details(), change.status)


@page("cases.write")
def delete_case(case_id: int) -> BaseResponse:
    """Delete a case with all that belongs to it, once its deletion was confirmed."""
    if _field("confirmed") != "yes":
        return case_refusing(
            case_id, InvalidInput(lazy_gettext("Cochez la case pour confirmer la suppression."))
        )
    _cases().register.delete(current_actor(), case_id)
    return redirect(url_for("web.cases"), 303)


@changing("notes")
def add_note(case_id: int) -> None:
    """Write a note."""
    _cases().notes.add(current_actor(), case_id, form_body(NoteBody, text=_field("text")).text)


@changing("notes")
def change_note(case_id: int, note_id: int) -> None:
    """Rewrite a note, or remove it."""
    if _field("action") == "remove":
        _cases().notes.remove(current_actor(), case_id, note_id)
        return
    text = form_body(NoteBody, text=_field("text")).text
    _cases().notes.change(current_actor(), case_id, note_id, text)


@changing("deadlines")
def add_deadline(case_id: int) -> None:
    """Note a deadline."""
    wanted = form_body(NewDeadline, title=_field("title"), due_on=_field("due_on"))
    _cases().deadlines.add(current_actor(), case_id, wanted.title, wanted.due_on)


@changing("deadlines")
def change_deadline(case_id: int, deadline_id: int) -> None:
    """Say whether a deadline is done, or remove it."""
    if _field("action") == "remove":
        _cases().deadlines.remove(current_actor(), case_id, deadline_id)
        return
    change = form_body(DeadlineChange, done=_field("action") == "done")
    _cases().deadlines.change(current_actor(), case_id, deadline_id, done=change.done)


@changing("members")
def add_member(case_id: int) -> None:
    """Make a colleague a member."""
    _cases().members.add(current_actor(), case_id, _number("user_id"))


@changing("members")
def remove_member(case_id: int, user_id: int) -> None:
    """Take a member off the case."""
    _cases().members.remove(current_actor(), case_id, user_id)


@changing("documents")
def add_documents(case_id: int) -> None:
    """Take uploaded files into the case; those before a refused one stay."""
    files = [file for file in request.files.getlist("file") if file.filename]
    if not files:
        raise InvalidInput(lazy_gettext("Choisissez un fichier à ajouter."))
    for file in files:
        current_services().library.receive(current_actor(), file.stream, file.filename, case_id)


@changing("documents")
def take_document_in(case_id: int) -> None:
    """Move a document of the firm into the case."""
    _cases().documents.take_in(current_actor(), case_id, _number("document_id"))


@changing("documents")
def change_document(case_id: int, document_id: int) -> None:
    """Give a document of the case back to the firm, or remove it."""
    if _field("action") == "give-back":
        _cases().documents.give_back(current_actor(), case_id, document_id)
        return
    _cases().documents.require(current_actor(), case_id, document_id)
    current_services().library.remove(current_actor(), document_id)


def _number(name: str) -> int:
    """Return the row number a form chose. Raises InvalidInput when it is none."""
    written = _field(name)
    if not written.isascii() or not written.isdecimal() or len(written) > 18:
        raise InvalidInput(lazy_gettext("Choisissez un élément de la liste."))
    return int(written)
