"""Counts what this instance could not answer, for the vendor's dashboard."""

from flask import g, request

from tenant_app.api.context import current_services


def note_server_error(status: int) -> None:
    """Count the request being answered as an error of ours."""
    # The rule, not the path: an unknown path may hold anything.
    route = f"{request.method} {request.url_rule.rule}" if request.url_rule else None
    current_services().server_errors.note(route, status, g.request_id)
