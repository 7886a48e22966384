"""The routes of the library: upload, list, look at, read again, replace and remove documents."""

import re
from typing import Final

from flask import Blueprint, Response, request, send_file
from flask_babel import lazy_gettext
from werkzeug.datastructures import FileStorage

from tenant_app.api.authentication import requires
from tenant_app.api.bodies import answered, query_arguments
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.documentation import documented
from tenant_app.errors import InvalidInput, NotFound
from tenant_app.library.schemas import (
    DocumentList,
    DocumentQuery,
    DocumentView,
    PassageView,
    VersionList,
    VersionView,
)

blueprint = Blueprint("library", __name__)

_ONE_FILE: Final = (
    "Un fichier par envoi. Une archive ZIP est refusée (415) : la page des documents et la commande "
    "« provision ingest » l'ouvrent elles-mêmes et envoient ses fichiers un par un."
)
_ROW_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")


@blueprint.post("/api/documents")
@documented(
    summary="Envoyer un document",
    answer=DocumentView,
    status=202,
    errors=[400, 401, 403, 404, 409, 413, 415],
    description=_ONE_FILE,
    upload=["file", "case_id", "folder"],
)
@requires("documents.write")
def upload() -> Response:
    """Take one file in; it is read in the background."""
    return receive_upload()


def receive_upload() -> Response:
    """Answer a multipart upload for the acting user; the operator's route does the same."""
    file = _file()
    intake = current_services().library.receive(
        current_actor(), file.stream, file.filename, _case_id(), request.form.get("folder")
    )
    return answered(DocumentView.of(intake.document), 202 if intake.new else 200)


def _file() -> FileStorage:
    files = request.files.getlist("file")
    if len(files) != 1 or len(request.files) != 1:
        raise InvalidInput(
            lazy_gettext(
                "Envoyez un seul fichier, dans le champ « file » d'un formulaire multipart/form-data."
            )
        )
    return files[0]


def _case_id() -> int | None:
    """Return the case named in the form, if any. Raises NotFound for what cannot be one's number."""
    written = request.form.get("case_id")
    if written is None:
        return None
    if not _ROW_NUMBER.fullmatch(written):
        raise NotFound(lazy_gettext("Ce dossier n'existe pas."))
    return int(written)


@blueprint.get("/api/documents")
@documented(summary="Les documents", query=DocumentQuery, answer=DocumentList, errors=[400, 401, 403])
@requires("documents.read")
def list_documents() -> Response:
    """List documents, newest first: every one, unless less is asked for."""
    listed = current_services().library.listed(current_actor(), query_arguments(DocumentQuery).wanted())
    return answered(DocumentList.of(listed))


@blueprint.get("/api/documents/<int:document_id>")
@documented(summary="Un document", answer=DocumentView, errors=[401, 403, 404])
@requires("documents.read")
def show_document(document_id: int) -> Response:
    """Show one document and how far its reading is."""
    return answered(DocumentView.of(current_services().library.document(current_actor(), document_id)))


@blueprint.delete("/api/documents/<int:document_id>")
@documented(summary="Supprimer un document", status=204, errors=[401, 403, 404])
@requires("documents.write")
def remove_document(document_id: int) -> Response:
    """Remove a document with its file and passages."""
    current_services().library.remove(current_actor(), document_id)
    return Response(status=204)


@blueprint.post("/api/documents/<int:document_id>/cancel")
@documented(summary="Annuler la lecture d'un document", answer=DocumentView, errors=[401, 403, 404, 409])
@requires("documents.write")
def cancel_reading(document_id: int) -> Response:
    """Stop a reading (the document is then ``failed``, ``cancelled``), or give up a new version of it."""
    return answered(DocumentView.of(current_services().jobs.cancel(current_actor(), document_id)))


@blueprint.post("/api/documents/<int:document_id>/retry")
@documented(summary="Relire un document", answer=DocumentView, status=202, errors=[401, 403, 404, 409])
@requires("documents.write")
def retry_reading(document_id: int) -> Response:
    """Read a document again, or its new version, whose reading failed or was cancelled."""
    return answered(DocumentView.of(current_services().jobs.retry(current_actor(), document_id)), 202)


@blueprint.post("/api/documents/<int:document_id>/versions")
@documented(
    summary="Envoyer une nouvelle version d'un document",
    answer=DocumentView,
    status=202,
    errors=[400, 401, 403, 404, 409, 413, 415],
    description=_ONE_FILE,
    upload=["file"],
)
@requires("documents.write")
def upload_version(document_id: int) -> Response:
    """Take a new version in: the old one is found until the new one is indexed in its place."""
    file = _file()
    intake = current_services().jobs.replace(current_actor(), document_id, file.stream, file.filename)
    return answered(DocumentView.of(intake.document), 202 if intake.new else 200)


@blueprint.get("/api/documents/<int:document_id>/versions")
@documented(summary="Les versions précédentes", answer=VersionList, errors=[401, 403, 404])
@requires("documents.read")
def list_versions(document_id: int) -> Response:
    """List what the document was before, latest first."""
    versions = current_services().jobs.versions(current_actor(), document_id)
    return answered(VersionList(versions=[VersionView.of(version) for version in versions]))


@blueprint.get("/api/documents/<int:document_id>/passages/<int:chunk_id>")
@documented(summary="Un passage et ce qui l'entoure", answer=PassageView, errors=[401, 403, 404])
@requires("documents.read")
def show_passage(document_id: int, chunk_id: int) -> Response:
    """Show a passage for the citation viewer."""
    return answered(
        PassageView.of(current_services().library.passage(current_actor(), document_id, chunk_id))
    )


@blueprint.get("/api/documents/<int:document_id>/original")
@documented(summary="Le fichier d'origine", media_type="application/octet-stream", errors=[401, 403, 404])
@requires("documents.read")
def download_original(document_id: int) -> Response:
    """Send the uploaded file, as a download that no browser opens in the tenant's own origin."""
    original = current_services().library.original(current_actor(), document_id)
    response = send_file(
        original.path,
        mimetype=original.media_type,
        as_attachment=True,
        download_name=original.name,
        etag=False,
        max_age=0,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response
