"""Which pages on other sites may read the API: ``ALLOWED_ORIGINS``, each as browsers name it in ``Origin``.

What is accepted is what the provisioner accepts; a test holds the two together.
"""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator

MOST: Final = 20
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN: Final = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*)(?::(?P<port>[1-9][0-9]{{0,4}}))?"
)
_OWN_PORT: Final = {"https": "443", "http": "80"}
_LOOPBACK: Final = "127.0.0.1"


def parse(text: object) -> tuple[str, ...]:
    """Return the origins of a text such as ``https://a.example,https://b.example:8443``; "" names none.

    Raises ValueError for what no browser sends (a path, a closing slash, capitals, the scheme's own port),
    for ``*`` and ``null``, for http but from the reader's own machine, for one given twice and too many.
    """
    if not isinstance(text, str):
        raise ValueError("must be a text")
    origins = tuple(text.split(",")) if text else ()
    for origin in origins:
        if not _is_origin(origin):
            raise ValueError(
                f"{origin!r} is not an origin as browsers send it: https://host[:port] in lower case and"
                " nothing more, or http://localhost[:port]"
            )
    if len(set(origins)) < len(origins) or len(origins) > MOST:
        raise ValueError(f"must name each origin once, and at most {MOST}")
    return origins


AllowedOrigins = Annotated[tuple[str, ...], BeforeValidator(parse)]


def _is_origin(origin: str) -> bool:
    parts = _ORIGIN.fullmatch(origin)
    if parts is None:
        return False
    scheme, host, port = parts.group("scheme", "host", "port")
    if host != _LOOPBACK and (len(host) > 253 or host.rpartition(".")[2].isdigit()):
        return False
    if port is not None and (int(port) > 65535 or port == _OWN_PORT[scheme]):
        return False
    return scheme == "https" or host in ("localhost", _LOOPBACK) or host.endswith(".localhost")
