"""Answers as server-sent events. Whatever happens, the answer is closed when the response is."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from flask import Response, stream_with_context
from flask_babel import lazy_gettext

from tenant_app.api.failures import note_server_error
from tenant_app.assistant.answers import Event
from tenant_app.assistant.running import RunningAnswer
from tenant_app.errors import TenantAppError
from tenant_app.logs import get_log

log = get_log(__name__)

UNEXPECTED: Final = TenantAppError(
    lazy_gettext("La réponse s'est interrompue ; posez la question à nouveau.")
)
"""What a reader is told of an error nobody foresaw; the log has the rest."""

Encode = Callable[[Event], Iterator[str]]


def event_response(
    running: RunningAnswer,
    confirm: Callable[[], object],
    encode: Encode,
    encode_error: Callable[[TenantAppError], str],
) -> Response:
    """Return the response that streams ``running``.

    ``confirm`` is called before each event and raises when its reader may no longer read. ``encode`` turns an
    event into text, ``encode_error`` an error.
    """

    def events() -> Iterator[str]:
        try:
            for event in running:
                confirm()
                yield from encode(event)
        except TenantAppError as error:
            yield encode_error(error)
        except Exception as error:  # noqa: BLE001 - the status is sent already: the stream itself must tell
            log.error("unexpected_error_in_stream", error=error)
            note_server_error(500)
            yield encode_error(UNEXPECTED)

    response = Response(stream_with_context(events()), mimetype="text/event-stream")
    # nginx would otherwise gather the sentences.
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(running.close)
    return response


def named(name: str, data: Any) -> str:
    """Return one named event whose data is JSON."""
    return f"event: {name}\n{unnamed(data)}"


def unnamed(data: Any) -> str:
    """Return one event whose data is JSON."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
