"""Whether the process lives, and whether it can serve."""

from flask import Blueprint, Response, jsonify
from flask_babel import lazy_gettext
from sqlalchemy.exc import SQLAlchemyError

from tenant_app.api.context import current_services
from tenant_app.api.documentation import documented
from tenant_app.errors import Unavailable

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@documented(summary="Le processus répond (sans toucher à la base)", open=True)
def alive() -> Response:
    """Answer without touching anything."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@documented(summary="L'instance peut servir (la base répond)", errors=[503], open=True)
def ready() -> Response:
    """Answer ok only when the database does; raises Unavailable otherwise."""
    try:
        current_services().database.ping()
    except SQLAlchemyError as error:
        raise Unavailable(lazy_gettext("La base de données ne répond pas."), retry_after=5) from error
    return jsonify(status="ok")
