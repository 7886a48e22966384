"""The certificates a host obtains itself, from their renewal to their end: `protocol.Certificates`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from provisioner.drivers.protocol import Tenant
from provisioner.drivers.served_certificates import ServedCertificates
from provisioner.filesystem import RenderedFile, read_text
from provisioner.steps import ChangeNginx, Step, WriteFile

_EDITION: Final = re.compile(r"^ +# fullchain\d+\.pem\n", re.MULTILINE)

Sites = Callable[[Sequence[Tenant]], Iterable[RenderedFile]]
"""Gives the sites of these clients, and the dashboard's."""


class NoCertificates:
    """A driver that serves no TLS obtains none."""

    def removal_steps(self, _names: Iterable[str]) -> Sequence[Step]:
        return ()

    def renewals(self, _names: Iterable[str], *, at_once: bool) -> Mapping[str, Step]:  # noqa: ARG002
        return {}

    def renewed_steps(self, _tenants: Sequence[Tenant], *, renewed: bool) -> Sequence[Step]:  # noqa: ARG002
        return ()

    def surplus_steps(self, _names: Iterable[str]) -> Sequence[Step]:
        return ()


class ObtainedCertificates:
    """Those that an ACME authority has given to a systemd host; `nginx` is where its configuration is."""

    def __init__(
        self,
        served: ServedCertificates,
        nginx: Path,
        sites: Sites,
        change: Callable[[tuple[WriteFile, ...]], ChangeNginx],
    ) -> None:
        self._served = served
        self._nginx = nginx
        self._sites = sites
        self._change = change

    def removal_steps(self, names: Iterable[str]) -> Sequence[Step]:
        """Steps to keep none of a name that is nobody's any more."""
        return self._served.removal_steps(names)

    def renewals(self, names: Iterable[str], *, at_once: bool) -> Mapping[str, Step]:
        """Return the renewals due."""
        return self._served.renewals(names, at_once=at_once)

    def renewed_steps(self, tenants: Sequence[Tenant], *, renewed: bool) -> Sequence[Step]:
        """Write the number of the new certificate into the sites, and reload; or reload alone."""
        changes = tuple(
            WriteFile(site)
            for site in self._sites(tenants)
            if only_renewed(read_text(site.path) or "", site.text)
        )
        return (self._change(changes),) if changes or renewed else ()

    def surplus_steps(self, names: Iterable[str]) -> Sequence[Step]:
        """Steps to keep none that serves none of these names."""
        return self._served.surplus_steps(names, "\n".join(self._configured()))

    def _configured(self) -> Iterator[str]:
        for file in self._nginx.rglob("*"):
            if file.is_file():
                yield file.read_text("utf-8", "surrogateescape")


def only_renewed(before: str, after: str) -> bool:
    """Say whether two texts of a site differ in nothing but the numbers of its certificates."""
    return before != after and _EDITION.sub("", before) == _EDITION.sub("", after)
