"""The addresses of the pages."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from tenant_app.api.problems import ERROR_PAGE
from tenant_app.web import (
    analysis_pages,
    assets,
    assistant_pages,
    case_pages,
    document_pages,
    formats,
    frame,
    legal_pages,
    preferences,
    role_pages,
    search_pages,
    settings_pages,
    sign_in_pages,
    typography,
    usage_pages,
    user_pages,
    viewer_pages,
)

blueprint = Blueprint("web", __name__, template_folder=str(Path(__file__).parent / "templates"))

blueprint.add_url_rule("/login", "sign_in", sign_in_pages.sign_in, methods=["GET", "POST"])
blueprint.add_url_rule("/welcome", "welcome", sign_in_pages.welcome)
blueprint.add_url_rule("/key", "first_key", sign_in_pages.first_key)
blueprint.add_url_rule("/forgotten", "forgotten", sign_in_pages.forgotten, methods=["GET", "POST"])
blueprint.add_url_rule(
    "/legal/<any(cgv, 'mentions-legales', confidentialite):page>", "legal", legal_pages.legal
)
blueprint.add_url_rule("/logout", "sign_out", sign_in_pages.sign_out, methods=["POST"])
blueprint.add_url_rule("/language", "set_language", preferences.set_language, methods=["POST"])
blueprint.add_url_rule("/theme", "set_theme", preferences.set_theme, methods=["POST"])
blueprint.add_url_rule("/", "assistant", assistant_pages.assistant, defaults={"conversation_id": None})
blueprint.add_url_rule("/conversations/<int:conversation_id>", "assistant", assistant_pages.assistant)
blueprint.add_url_rule(
    "/conversations/<int:conversation_id>/latest", "latest_turn", assistant_pages.latest_turn
)
blueprint.add_url_rule(
    "/conversations/<int:conversation_id>/turns/<int:turn_id>/sources/<int:number>",
    "source",
    assistant_pages.source,
)
blueprint.add_url_rule("/documents", "documents", document_pages.documents)
blueprint.add_url_rule("/documents/rows", "document_rows", document_pages.document_rows)
blueprint.add_url_rule("/documents/<int:document_id>", "document", viewer_pages.document)
blueprint.add_url_rule("/cases", "cases", case_pages.cases)
blueprint.add_url_rule("/cases", "open_case", case_pages.open_case, methods=["POST"])
blueprint.add_url_rule("/cases/<int:case_id>", "case", case_pages.case)
blueprint.add_url_rule(
    "/cases/<int:case_id>/documents/rows", "case_document_rows", case_pages.case_document_rows
)
_CASE_FORMS: Final[dict[str, Callable[..., BaseResponse]]] = {
    "": case_pages.change_case,
    "/status": case_pages.set_case_status,
    "/delete": case_pages.delete_case,
    "/notes": case_pages.add_note,
    "/notes/<int:note_id>": case_pages.change_note,
    "/deadlines": case_pages.add_deadline,
    "/deadlines/<int:deadline_id>": case_pages.change_deadline,
    "/members": case_pages.add_member,
    "/members/<int:user_id>/remove": case_pages.remove_member,
    "/documents": case_pages.add_documents,
    "/documents/take-in": case_pages.take_document_in,
    "/documents/<int:document_id>": case_pages.change_document,
    "/analyses": analysis_pages.ask_for_analysis,
    "/analyses/<int:analysis_id>/remove": analysis_pages.remove_analysis,
}
for path, view in _CASE_FORMS.items():
    blueprint.add_url_rule(f"/cases/<int:case_id>{path}", view.__name__, view, methods=["POST"])
blueprint.add_url_rule("/cases/<int:case_id>/analyses/<int:analysis_id>", "analysis", analysis_pages.analysis)
blueprint.add_url_rule(
    "/cases/<int:case_id>/analyses/<int:analysis_id>/progress",
    "analysis_progress",
    analysis_pages.analysis_progress,
)
blueprint.add_url_rule(
    "/cases/<int:case_id>/analyses/<int:analysis_id>/export/<any(markdown, json, docx, pdf):kind>",
    "export_analysis",
    analysis_pages.export_analysis,
)
blueprint.add_url_rule("/search", "search", search_pages.search)
blueprint.add_url_rule("/usage", "usage", usage_pages.usage)
blueprint.add_url_rule("/users", "users", user_pages.users)
blueprint.add_url_rule("/users/rows", "user_rows", user_pages.user_rows)
blueprint.add_url_rule("/users/roles", "create_role", role_pages.create_role, methods=["POST"])
blueprint.add_url_rule("/users/roles/<int:role_id>", "change_role", role_pages.change_role, methods=["POST"])
blueprint.add_url_rule(
    "/users/roles/<int:role_id>/remove", "remove_role", role_pages.remove_role, methods=["POST"]
)
blueprint.add_url_rule("/settings", "settings", settings_pages.settings)
blueprint.add_url_rule(
    "/settings/password", "change_password", settings_pages.change_password, methods=["POST"]
)
blueprint.add_url_rule(
    "/settings/sessions/<session_id>/end", "end_session", settings_pages.end_session, methods=["POST"]
)
blueprint.add_url_rule(
    "/settings/sessions/end", "end_other_sessions", settings_pages.end_other_sessions, methods=["POST"]
)
blueprint.add_url_rule("/settings/erase", "erase_account", settings_pages.erase_account, methods=["POST"])
blueprint.add_url_rule("/settings/keys", "key_rows", settings_pages.key_rows)
blueprint.add_url_rule("/theme.css", "theme_css", assets.theme_css)
blueprint.add_url_rule("/static/<name>", "static", assets.static)

blueprint.app_context_processor(frame.template_context)


@blueprint.record_once
def _install(state: BlueprintSetupState) -> None:
    """Give the templates their filters and spaces, and the whole application its error page."""
    state.app.extensions[ERROR_PAGE] = frame.error_page
    typography.install(state.app.jinja_env)
    for name in ("number", "size", "euros", "day", "hour"):
        state.app.jinja_env.filters[name] = getattr(formats, name)
