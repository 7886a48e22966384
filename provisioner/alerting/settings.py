"""Who is told, and from when on something is an alert: the `alerts` of host.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from provisioner.errors import InvalidRequest
from provisioner.fields import check_email

_WEBHOOK: Final = re.compile(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~/%-]*)?")
_LOOPBACK: Final = re.compile(r"http://(localhost|127\.0\.0\.1)(:\d{1,5})?(/[A-Za-z0-9._~/%-]*)?")


def _address(text: str) -> str:
    try:
        check_email("value", text)
    except InvalidRequest as error:
        raise ValueError(error.reason) from error
    return text


def _webhook(url: str) -> str:
    if url and not (_WEBHOOK.fullmatch(url) or _LOOPBACK.fullmatch(url)):
        raise ValueError("write it as https://host[:port]/path, or http:// to this host itself")
    return url


def _split(value: object) -> object:
    """Take a list from a variable of the environment, its members separated by commas."""
    if not isinstance(value, str):
        return value
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _absolute(path: Path | None) -> Path | None:
    if path is not None and not path.is_absolute():
        raise ValueError("give an absolute path")
    return path


class Alerts(BaseModel):
    """Who is told of what is wrong, and when a client asks too much.

    `requests_per_hour` is document 002's; with `block_abuse` a client beyond it is suspended.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: Annotated[tuple[Annotated[str, AfterValidator(_address)], ...], BeforeValidator(_split)] = ()
    webhook_url: Annotated[str, AfterValidator(_webhook)] = ""
    webhook_secret_file: Annotated[Path | None, AfterValidator(_absolute)] = None
    requests_per_hour: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    block_abuse: bool = False

    @property
    def wanted(self) -> bool:
        """Whether anybody is told."""
        return bool(self.email or self.webhook_url)
