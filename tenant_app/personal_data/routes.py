"""The routes of one's own data."""

from flask import Blueprint, Response, make_response, request

from tenant_app.api.authentication import signed_in
from tenant_app.api.bodies import answered, json_body
from tenant_app.api.context import current_actor, current_services
from tenant_app.api.documentation import documented
from tenant_app.personal_data.packing import packed
from tenant_app.personal_data.schemas import Erasure, OwnData

blueprint = Blueprint("personal_data", __name__)


@blueprint.get("/api/me/data")
@documented(summary="Tout ce que l'instance sait de moi", answer=OwnData, errors=[401, 403])
@signed_in
def own_data() -> Response:
    """Hand over what is held about the person who asks."""
    actor = current_actor()
    held = current_services().personal_data.collecting.collect(actor)
    return answered(OwnData.of(held, actor.session_id))


@blueprint.get("/api/me/data.zip")
@documented(
    summary="Tout ce que l'instance sait de moi, en archive : les données, et chaque conversation à lire",
    media_type="application/zip",
    errors=[401, 403],
)
@signed_in
def zipped_data() -> Response:
    """Hand over the same as a file to keep."""
    actor, services = current_actor(), current_services()
    held = services.personal_data.collecting.collect(actor)
    file = make_response(packed(held, actor.session_id))
    file.content_type = "application/zip"
    name = f"{services.settings.client_id}-{services.clock.now():%Y-%m-%d}.zip"
    file.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return file


@blueprint.post("/api/me/erasure")
@documented(
    summary="Effacer mon compte et mes données personnelles, définitivement",
    body=Erasure,
    status=204,
    errors=[400, 401, 403, 409, 415, 429],
)
@signed_in
def erase() -> Response:
    """Erase the account of the person who asks; every credential of theirs stops at once."""
    services = current_services()
    services.accounts.anonymous_rate.count(request.remote_addr or "")
    services.personal_data.erasing.erase(current_actor(), json_body(Erasure).current_password)
    return Response(status=204)
