"""The certificates a host serves its names under, and what is wrong with them."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from provisioner.certificates import Certificate, Store, by_certificate, read_certificates, serving
from provisioner.clock import Clock, SystemClock, stamp
from provisioner.drivers.protocol import Finding
from provisioner.errors import InvalidConfiguration
from provisioner.host import HostSettings

WARNED_BEFORE: Final = timedelta(days=14)
"""Certbot renews 30 days before the end: two weeks later something is wrong with it."""


class ServedCertificates:
    """What host.yaml's `tls_certificates` holds, read once."""

    def __init__(self, host: HostSettings, clock: Clock | None = None) -> None:
        self._directory = host.tls_certificates
        self._clock = clock or SystemClock()

    def for_names(self, names: tuple[str, ...]) -> Mapping[Certificate, tuple[str, ...]]:
        """Return which names are served under which certificate; nothing where TLS is not served.

        Raises InvalidConfiguration for a name without one, and when the directory cannot be read.
        """
        return by_certificate(self._store, names, self._clock.now()) if self._directory else {}

    def findings(self) -> tuple[Finding, ...]:
        """Tell what cannot be served, what runs out soon or has and is still in use, and open keys."""
        now = self._clock.now()
        try:
            store = self._store
        except InvalidConfiguration as error:
            return (Finding("host", error.message, error.mend),)
        served = store.certificates
        ending = (
            one
            for one in served
            if now > one.not_after - WARNED_BEFORE
            and any(serving(served, name, now) is one for name in one.names)
        )
        return (
            *(Finding("host", error.message, error.mend) for error in store.refused),
            *(_finding(one, now) for one in ending),
            *(_readable(one) for one in served if one.key.stat().st_mode & stat.S_IROTH),
        )

    @cached_property
    def _store(self) -> Store:
        return read_certificates(self._directory) if self._directory else Store()


def _finding(certificate: Certificate, now: datetime) -> Finding:
    over = "ran out on" if now > certificate.not_after else "runs out on"
    return Finding(
        certificate.folder.name,
        f"The certificate for {', '.join(certificate.names)} {over} {stamp(certificate.not_after)}.",
        f"Renew it in {certificate.folder} (`certbot renew`), then `provision apply`.",
    )


def _readable(certificate: Certificate) -> Finding:
    return Finding(
        certificate.folder.name,
        f"The key {certificate.key} can be read by every user of this host.",
        f"`chmod 600 {certificate.key}`, and have it replaced if somebody may have read it.",
    )
