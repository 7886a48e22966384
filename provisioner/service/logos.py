"""A client's logo: from a picture file of the operator's to the client's own site."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

from provisioner.errors import InvalidRequest
from provisioner.pictures import LARGEST_BYTES, Picture, judge
from provisioner.service.context import Context
from provisioner.spec import TenantSpec
from provisioner.untrusted_files import read_untrusted

SITE: Final = "/static/"
_KEPT: Final = ("data", "branding")
"""Where the client's program keeps what `/static/logo…` shows."""


def take(value: str | None) -> tuple[str | None, Picture | None]:
    """Return the logo's path on the client's site and, when `value` names a file, the picture to put there.

    A path that is on the site already (`/static/…`) stays as it is. Raises InvalidRequest for a file that
    is missing or no acceptable picture.
    """
    if not value or value.startswith(SITE):
        return value, None
    picture = judge(_read(Path(value)))
    return SITE + picture.name, picture


def kept(context: Context, spec: TenantSpec) -> Picture | None:
    """Return the logo a client's site shows; None when it has none, or what is in its place is no logo.

    The client's process could have put anything there: it is read as such, and judged once more.
    """
    folder = context.layout.client(spec.id)
    try:
        content = read_untrusted(folder, *_KEPT, spec.logo.removeprefix(SITE), largest=LARGEST_BYTES)
        return judge(content)
    except (OSError, ValueError, InvalidRequest):
        return None


def payload(picture: Picture) -> dict[str, str]:
    """The JSON object the instance's operations take a logo as."""
    return {"name": picture.name, "content": base64.b64encode(picture.content).decode()}


def _read(file: Path) -> bytes:
    try:
        if not file.is_file():
            raise InvalidRequest(
                "logo", f"{str(file)!r} is no file.", "Give the path of a picture on this machine."
            )
        with file.open("rb") as stream:
            return stream.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InvalidRequest("logo", f"{str(file)!r} cannot be read: {error}.", "Check the path.") from error
