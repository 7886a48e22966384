"""The certificates a host serves its names under or is to obtain, and what is wrong with them."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from provisioner.acme import Lineage, is_due
from provisioner.certificates import Certificate, Store, by_certificate, read_certificates, serving
from provisioner.clock import Clock, SystemClock, stamp
from provisioner.drivers.acme_orders import AcmeOrders
from provisioner.drivers.protocol import Finding
from provisioner.errors import InvalidConfiguration
from provisioner.host import HostSettings
from provisioner.steps import MakeDirectory, OrderCertificate, RemoveFile, RemoveTree, Step

WARNED_BEFORE: Final = timedelta(days=14)
"""Renewal begins 30 days before the end of 90: two weeks later something is wrong with it."""


class ServedCertificates:
    """What host.yaml's `tls_certificates` holds, and what an ACME authority gives for the other names."""

    def __init__(self, host: HostSettings, clock: Clock | None = None) -> None:
        self._directory = host.tls_certificates
        self._orders = AcmeOrders(host, host.acme) if host.acme else None
        self._clock = clock or SystemClock()
        self._read: dict[Path, tuple[object, Store]] = {}

    def for_names(self, names: tuple[str, ...]) -> Mapping[Certificate, tuple[str, ...]]:
        """Return which names are served under which certificate, also one that `order_steps` will obtain.

        Nothing where TLS is not served. Raises InvalidConfiguration for a name that has none and gets none,
        and when a directory cannot be read.
        """
        if self._directory is None and self._orders is None:
            return {}
        now, store = self._clock.now(), self._store()
        orders = self._orders
        coming = (orders.coming(lineage, now) for lineage in self._missing(names)) if orders else ()
        return by_certificate(replace(store, certificates=(*store.certificates, *coming)), names, now)

    def directories(self) -> tuple[MakeDirectory, ...]:
        """What certbot and its validation need."""
        return self._orders.directories() if self._orders else ()

    def are_there(self, names: Iterable[str]) -> bool:
        """Say whether each of these names can be served now."""
        return not self._missing(names)

    def order_steps(self, names: Iterable[str]) -> tuple[OrderCertificate, ...]:
        """Steps to obtain what these names lack."""
        return tuple(self._orders.order(one) for one in self._missing(names)) if self._orders else ()

    def removal_steps(self, names: Iterable[str]) -> tuple[Step, ...]:
        """Steps to keep none of a name that is nobody's any more: its renewal would fail for ever."""
        orders = self._orders
        return tuple(step for name in names for step in _removal(orders.places(name))) if orders else ()

    def renewals(self, names: Iterable[str], *, at_once: bool) -> Mapping[str, OrderCertificate]:
        """Return the renewals due for these names by their lineages' names; `at_once`, all of them."""
        if self._orders is None:
            return {}
        now, own, ours = self._clock.now(), self._given(), self._obtained().certificates
        due = [
            name
            for name in names
            if (one := serving((*own.certificates, *ours), name, now)) is not None
            and one in ours
            and (at_once or is_due(one, now))
        ]
        return {one.name: self._orders.renewal(one) for one in self._orders.lineages(due)}

    def surplus_steps(self, names: Iterable[str], configured: str) -> tuple[Step, ...]:
        """Steps to keep no certificate that serves none of these names and that nginx is not told of.

        `configured` is all of nginx's configuration.
        """
        if self._orders is None:
            return ()
        now, store = self._clock.now(), self._store()
        used = {serving(store.certificates, name, now) for name in names}
        surplus = (
            one.folder
            for one in self._obtained().certificates
            if one not in used and f"{one.folder}/" not in configured
        )
        return self.removal_steps(folder.name for folder in surplus)

    def findings(self) -> tuple[Finding, ...]:
        """Tell what cannot be served, what runs out soon or has and is still in use, and open keys."""
        now = self._clock.now()
        try:
            store = self._store()
        except InvalidConfiguration as error:
            return (Finding("host", error.message, error.mend),)
        served, ours = store.certificates, self._obtained().certificates
        ending = (
            one
            for one in served
            if now > one.not_after - WARNED_BEFORE
            and any(serving(served, name, now) is one for name in one.names)
        )
        return (
            *(Finding("host", error.message, error.mend) for error in store.refused),
            *(self._ending(one, obtained=one in ours) for one in ending),
            *(_readable(one) for one in served if one.key.stat().st_mode & stat.S_IROTH),
        )

    def _missing(self, names: Iterable[str]) -> tuple[Lineage, ...]:
        if self._orders is None:
            return ()
        certificates, now = self._store().certificates, self._clock.now()
        return self._orders.lineages(name for name in names if serving(certificates, name, now) is None)

    def _store(self) -> Store:
        given, obtained = self._given(), self._obtained()
        return Store((*given.certificates, *obtained.certificates), (*given.refused, *obtained.refused))

    def _given(self) -> Store:
        return self._in(self._directory, read_certificates) if self._directory else Store()

    def _obtained(self) -> Store:
        if self._orders is None or not self._orders.certificates.is_dir():
            return Store()
        return self._in(self._orders.certificates, _read_obtained)

    def _in(self, directory: Path, read: Callable[[Path], Store]) -> Store:
        """What a directory holds, read again only when a folder of it has changed: every client asks."""
        state = _state(directory)
        if directory not in self._read or self._read[directory][0] != state:
            self._read[directory] = (state, read(directory))
        return self._read[directory][1]

    def _ending(self, certificate: Certificate, *, obtained: bool) -> Finding:
        over = "ran out on" if self._clock.now() > certificate.not_after else "runs out on"
        renewed = f"`provision host renew {certificate.folder.name}` renews it or says why not."
        replaced = f"Renew it in {certificate.folder} (`certbot renew`), then `provision apply`."
        return Finding(
            certificate.folder.name,
            f"The certificate for {', '.join(certificate.names)} {over} {stamp(certificate.not_after)}.",
            renewed if obtained else replaced,
            of_certificate=True,
        )


def _read_obtained(directory: Path) -> Store:
    """What tells certbot's from the next in its place is the file that its link leads to."""
    store = read_certificates(directory)
    named = tuple(replace(one, edition=one.chain.resolve().name) for one in store.certificates)
    return replace(store, certificates=named)


def _state(directory: Path) -> object:
    try:
        return tuple((path, path.stat().st_mtime_ns) for path in (directory, *sorted(directory.iterdir())))
    except OSError:
        return None


def _removal(places: tuple[Path, ...]) -> tuple[Step, ...]:
    """The renewal's settings go first: nothing orders it any more, whatever is left."""
    settings, *folders = places
    return (
        *((RemoveFile(settings),) if settings.exists() else ()),
        *(RemoveTree(folder) for folder in folders if folder.exists()),
    )


def _readable(certificate: Certificate) -> Finding:
    return Finding(
        certificate.folder.name,
        f"The key {certificate.key} can be read by every user of this host.",
        f"`chmod 600 {certificate.key}`, and have it replaced if somebody may have read it.",
    )
