"""What can go wrong, and how each case is answered.

EmbeddingServerError
├── StartError                 the program ends with `exit_code`
│   ├── ConfigurationError     78 (EX_CONFIG): starting again cannot help
│   └── SocketInUse            75 (EX_TEMPFAIL): another process has the socket
└── RequestError               one request is answered with `status`
    ├── InvalidRequest         400
    ├── ModelNotFound          404
    ├── RequestTimeout         408
    ├── RequestTooLarge        413
    └── Busy                   503, with `retry_after` seconds
"""

from __future__ import annotations


class EmbeddingServerError(Exception):
    """Base of this program's own errors. The message is complete and safe to show."""


class StartError(EmbeddingServerError):
    """The server cannot start."""

    exit_code = 1


class ConfigurationError(StartError):
    """An option, the model or the socket's place is wrong; only a person can mend it."""

    exit_code = 78


class SocketInUse(StartError):
    """Another process listens on the socket, or holds its lock."""

    exit_code = 75


class RequestError(EmbeddingServerError):
    """One request cannot be served; rendered as OpenAI's error object."""

    status = 500
    kind = "server_error"
    code: str | None = None
    retry_after: int | None = None


class InvalidRequest(RequestError):
    """The body does not have the documented shape or passes a limit."""

    status = 400
    kind = "invalid_request_error"


class ModelNotFound(RequestError):
    """The request names a model that is not the one being served."""

    status = 404
    kind = "invalid_request_error"
    code = "model_not_found"


class RequestTimeout(RequestError):
    """The body was not received in time."""

    status = 408
    kind = "invalid_request_error"
    code = "request_timeout"


class RequestTooLarge(RequestError):
    """The body is larger than the limit."""

    status = 413
    kind = "invalid_request_error"
    code = "request_too_large"


class Busy(RequestError):
    """The queue is full or the model is not loaded; `retry_after` is in seconds."""

    status = 503

    def __init__(self, message: str, *, code: str, retry_after: int) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
