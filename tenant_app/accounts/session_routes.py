"""The routes of one's own sign-ins."""

from flask import Blueprint, Response

from tenant_app.accounts.schemas import SessionList, SessionView
from tenant_app.api.authentication import signed_in
from tenant_app.api.bodies import answered
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.documentation import documented

blueprint = Blueprint("sessions", __name__)


@blueprint.get("/api/me/sessions")
@documented(summary="Mes sessions ouvertes", answer=SessionList, errors=[401, 403])
@signed_in
def list_sessions() -> Response:
    """List one's own sign-ins."""
    actor = current_actor()
    own = current_services().accounts.sessions.list_own(actor)
    return answered(SessionList(sessions=[SessionView.of(one, actor.session_id) for one in own]))


@blueprint.delete("/api/me/sessions")
@documented(summary="Fermer mes autres sessions", status=204, errors=[401, 403])
@signed_in
def close_others() -> Response:
    """End every sign-in of one's own but the one that asks."""
    current_services().accounts.sessions.close_others(current_actor())
    return Response(status=204)


@blueprint.delete("/api/me/sessions/<session_id>")
@documented(summary="Fermer une de mes sessions", status=204, errors=[401, 403, 404])
@signed_in
def close_session(session_id: str) -> Response:
    """End one sign-in of one's own."""
    current_services().accounts.sessions.close_own(current_actor(), session_id)
    return Response(status=204)
