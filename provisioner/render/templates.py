"""Fills the shipped templates; nothing reaches a page that was not quoted for its format."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from provisioner.quoting import FILTERS, Quoted
from provisioner.resources import shipped

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: object) -> str:
    """Render a shipped template, named by its path such as `nginx/tenant.conf.j2`.

    Raises jinja2.UndefinedError for a missing value and ValueError for one that cannot be quoted.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    # Jinja brings asyncio along: a tenth of a second that listing clients does not need.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    # Not HTML: every value is quoted for its own format, which `_printable` makes sure of.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(shipped("templates").parent),
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    return environment


def _printable(value: Any) -> Any:
    from jinja2 import Undefined  # noqa: PLC0415 - loaded by now

    if isinstance(value, (Quoted, Undefined)) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ValueError(f"a template prints {value!r}, which no filter has quoted")
