"""``@documented``: what a route promises, written beside it and read by the OpenAPI page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

from pydantic import BaseModel

P = ParamSpec("P")
R = TypeVar("R")

_ATTRIBUTE = "__documentation__"


@dataclass(frozen=True)
class Documentation:
    """The promise of one route.

    ``body`` and ``query`` are models of what is accepted, ``answer`` of what comes back with ``status``;
    ``errors`` are the statuses a caller must expect, ``description`` says what of it all does not go without
    saying. ``upload`` names the fields of a multipart body, ``media_type`` an answer that is not JSON,
    ``streams`` one that comes as events when the body asks for it, ``open`` a route that needs no credential.
    """

    summary: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answer: type[BaseModel] | None
    status: int
    errors: tuple[int, ...]
    description: str
    upload: tuple[str, ...]
    media_type: str
    streams: bool
    open: bool


def documented(
    *,
    summary: str,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    answer: type[BaseModel] | None = None,
    status: int = 200,
    errors: Sequence[int] = (),
    description: str = "",
    upload: Sequence[str] = (),
    media_type: str = "application/json",
    streams: bool = False,
    open: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Attach the promise to a view function (see ``Documentation``); put it under ``@blueprint.route``."""
    promise = Documentation(
        summary,
        body,
        query,
        answer,
        status,
        tuple(errors),
        description,
        tuple(upload),
        media_type,
        streams,
        open,
    )

    def attach(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, _ATTRIBUTE, promise)
        return view

    return attach


def documentation_of(view: Callable[..., Any]) -> Documentation | None:
    """Return the promise attached to a view function, if any."""
    return cast(Documentation | None, getattr(view, _ATTRIBUTE, None))
