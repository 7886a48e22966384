"""The errors a tenant may answer with, and the HTTP status each one means.

    TenantAppError                500
    ├── InvalidInput              400
    │   └── LinkNotValid
    ├── Unauthenticated           401
    ├── Forbidden                 403
    ├── NotFound                  404  (missing and "not yours" are the same)
    ├── Conflict                  409
    ├── TooLarge                  413
    ├── UnsupportedType           415
    ├── RateLimited               429, Retry-After
    ├── QuotaExceeded             429, Retry-After
    └── Unavailable               503, Retry-After

``title`` and ``detail`` are shown to people: they are French source strings, translated when the answer is
written. ``code`` is for programs and for the logs: it never changes with the language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

Text: TypeAlias = str | LazyString


@dataclass(frozen=True)
class FieldError:
    """One refused field: its dotted path, and a stable code saying why."""

    field: str
    code: str
    message: str


class TenantAppError(Exception):
    """Base of every error this program raises on purpose."""

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "internal-error"
    title: ClassVar[Text] = lazy_gettext("Erreur interne")

    def __init__(
        self,
        detail: Text,
        *,
        code: str | None = None,
        retry_after: int | None = None,
        fields: Sequence[FieldError] = (),
    ) -> None:
        """Keep ``detail`` untranslated until shown; ``retry_after`` is in whole seconds."""
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.retry_after = retry_after
        self.fields = tuple(fields)

    def __str__(self) -> str:
        return str(self.detail)


class InvalidInput(TenantAppError):
    """The request does not have the promised shape; nothing was changed."""

    status = 400
    default_code = "invalid-input"
    title = lazy_gettext("Requête invalide")


class LinkNotValid(InvalidInput):
    """A link good once that is unknown, used, replaced or over: which of these is not told."""

    default_code = "link-not-valid"
    title = lazy_gettext("Lien périmé")


class Unauthenticated(TenantAppError):
    """No credential, or a token or cookie that proves nothing (any more)."""

    status = 401
    default_code = "unauthenticated"
    title = lazy_gettext("Authentification requise")


class Forbidden(TenantAppError):
    """The caller is known but may not do this, or the API key is unknown or revoked."""

    status = 403
    default_code = "forbidden"
    title = lazy_gettext("Accès refusé")


class NotFound(TenantAppError):
    """There is no such thing, or it is not the caller's."""

    status = 404
    default_code = "not-found"
    title = lazy_gettext("Introuvable")


class Conflict(TenantAppError):
    """What is there now does not allow the change."""

    status = 409
    default_code = "conflict"
    title = lazy_gettext("Conflit")


class TooLarge(TenantAppError):
    """The body or a file in it is larger than the plan accepts."""

    status = 413
    default_code = "too-large"
    title = lazy_gettext("Contenu trop volumineux")


class UnsupportedType(TenantAppError):
    """The body or the file is of a type that is not accepted."""

    status = 415
    default_code = "unsupported-type"
    title = lazy_gettext("Type de contenu non accepté")


class _RetryLater(TenantAppError):
    """An error that time mends; ``retry_after`` is at least one second."""

    def __init__(self, detail: Text, *, retry_after: int, code: str | None = None) -> None:
        super().__init__(detail, code=code, retry_after=max(1, retry_after))


class RateLimited(_RetryLater):
    """Too many calls in a short time."""

    status = 429
    default_code = "rate-limited"
    title = lazy_gettext("Trop de requêtes")


class QuotaExceeded(_RetryLater):
    """The plan's monthly allowance is used up."""

    status = 429
    default_code = "quota-exceeded"
    title = lazy_gettext("Quota atteint")


class Unavailable(_RetryLater):
    """Suspended, busy or starting."""

    status = 503
    default_code = "unavailable"
    title = lazy_gettext("Service momentanément indisponible")
