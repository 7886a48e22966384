"""Which pages on other sites may read one client's API: judged as typed, never cleaned.

An origin is written as browsers send it in `Origin` (RFC 6454; serialised as the HTML standard says), because
the client's instance compares it letter by letter: one that no browser sends would allow nobody, silently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from provisioner.errors import InvalidRequest
from provisioner.fields import check_host_name

FIELD: Final = "allowed_origins"
MOST: Final = 20
_OWN_PORT: Final[Mapping[str, int]] = {"https": 443, "http": 80}
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_LOOPBACK: Final = "127.0.0.1"
_EXAMPLE: Final = "Write it as https://app.cabinet-dupont.fr, several with a comma between and no space."


def parse_allowed_origins(text: str) -> tuple[str, ...]:
    """Return the origins named in a text such as `https://a.example,https://b.example:8443`; "" names none.

    Raises InvalidRequest for what is not an origin as browsers send it, and for one given twice.
    """
    origins = tuple(text.split(",")) if text else ()
    for origin in origins:
        _check(origin)
    if len(origins) > MOST:
        raise InvalidRequest(
            FIELD, f"{len(origins)} origins are given; {MOST} are accepted.", "Leave out those nobody uses."
        )
    for origin in origins:
        if origins.count(origin) > 1:
            raise InvalidRequest(FIELD, f"{origin} is given twice.", "Give it once.")
    return origins


def _check(origin: str) -> None:
    scheme, separator, place = origin.partition("://")
    if not separator or scheme not in _OWN_PORT:
        raise InvalidRequest(FIELD, f"{origin!r} does not begin with https://.", _EXAMPLE)
    if not set("/?#@\\").isdisjoint(place):
        raise InvalidRequest(
            FIELD,
            f"{origin!r} holds more than a scheme, a host and a port.",
            "Leave out any path, closing slash, query and user: it ends after the host or its port.",
        )
    host, colon, port = place.partition(":")
    if host != _LOOPBACK:
        check_host_name(FIELD, host)
    if colon:
        _check_port(origin, scheme, port)
    if scheme == "http" and not _on_the_readers_machine(host):
        raise InvalidRequest(
            FIELD,
            f"{origin!r} is not encrypted: anybody on the way could change that page and read what it reads.",
            "Have the page served with https; http is for localhost only.",
        )


def _check_port(origin: str, scheme: str, port: str) -> None:
    if not _PORT.fullmatch(port) or int(port) > 65535:
        raise InvalidRequest(FIELD, f"{origin!r} has no port from 1 to 65535 after its colon.", _EXAMPLE)
    if int(port) == _OWN_PORT[scheme]:
        raise InvalidRequest(
            FIELD, f"{origin!r} names the port of {scheme}, which browsers leave out.", f"Leave out :{port}."
        )


def _on_the_readers_machine(host: str) -> bool:
    return host in ("localhost", _LOOPBACK) or host.endswith(".localhost")
