"""The operator's routes: only for the provisioner, never reachable through nginx."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, Response, g, jsonify, request
from flask_babel import lazy_gettext

from tenant_app.accounts.actor import OPERATOR
from tenant_app.accounts.tokens import OPERATOR_LIFETIME, InvalidToken, OperatorClaims, verify
from tenant_app.api.bodies import answered
from tenant_app.api.context import current_services
from tenant_app.api.status import status_of
from tenant_app.errors import InvalidInput, Unauthenticated
from tenant_app.library.routes import receive_upload
from tenant_app.library.schemas import DocumentView
from tenant_app.operations import perform

P = ParamSpec("P")
R = TypeVar("R")

blueprint = Blueprint("operator", __name__)


def operator_only(view: Callable[P, R]) -> Callable[P, R]:
    """Let a view run only for a bearer of a token signed with the instance's operator key.

    Raises Unauthenticated for anything else. ``g.actor`` is then the operator.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        _require_operator()
        g.actor = OPERATOR
        return view(*args, **kwargs)

    return guarded


@blueprint.post("/internal/admin/<name>")
@operator_only
def administer(name: str) -> Response:
    """Run one operation of the table in ``operations.py``."""
    payload: Any = request.get_json() if request.content_length else {}
    if not isinstance(payload, dict):
        raise InvalidInput(lazy_gettext("Le corps doit être un objet JSON."))
    return jsonify(perform(name, current_services(), payload, running=True))


@blueprint.get("/internal/status")
@operator_only
def status() -> Response:
    """Tell how the instance is: each check by name, and what it is busy with."""
    return jsonify(status_of(current_services()))


@blueprint.post("/internal/documents")
@operator_only
def ingest() -> Response:
    """Take one file in, like ``POST /api/documents``."""
    return receive_upload()


@blueprint.get("/internal/documents/<int:document_id>")
@operator_only
def show_document(document_id: int) -> Response:
    """Show one document and how far its reading is."""
    return answered(DocumentView.of(current_services().library.document(OPERATOR, document_id)))


def _require_operator() -> None:
    services = current_services()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise InvalidToken("no bearer token")
        verify(
            token,
            OperatorClaims,
            keys=[services.settings.operator_key],
            audience=services.settings.client_id,
            now=services.clock.now(),
            lifetime=OPERATOR_LIFETIME,
        )
    except InvalidToken as error:
        raise Unauthenticated(lazy_gettext("Cette adresse est réservée à l'opérateur.")) from error
