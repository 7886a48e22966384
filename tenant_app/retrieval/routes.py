"""The route of search."""

from flask import Blueprint, Response

from tenant_app.api.authentication import requires
from tenant_app.api.bodies import answered, json_body
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.documentation import documented
from tenant_app.retrieval.query import accepted_query
from tenant_app.retrieval.schemas import SearchQuery, SearchResults

blueprint = Blueprint("retrieval", __name__)


@blueprint.post("/api/search")
@documented(
    summary="Chercher dans les documents", body=SearchQuery, answer=SearchResults, errors=[400, 401, 403, 404]
)
@requires("documents.read")
def search() -> Response:
    """Find passages; counted against no quota."""
    wanted = json_body(SearchQuery)
    services = current_services()
    query = accepted_query(wanted.query, services.settings.max_question_chars)
    found = services.search.search(current_actor(), query, wanted.top_k, wanted.scope())
    return answered(SearchResults.of(found))
