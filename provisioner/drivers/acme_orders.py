"""How a systemd host orders certificates: certbot, behind walls, in folders of this root's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from provisioner.acme import Acme, Lineage, lineages
from provisioner.certificates import CHAIN, Certificate
from provisioner.commands import certbot, systemctl
from provisioner.commands.command import Command
from provisioner.host import HostSettings
from provisioner.steps import MakeDirectory, OrderCertificate

_FIRST: Final = "fullchain1.pem"
"""What certbot calls the first certificate of a lineage, its links aside; the next one ends in 2."""

#: Where Debian 12's certbot (2.1) puts each key and request a second time, under no client's name.
_COPIES: Final = ("keys", "csr")

#: A hook may have to wait until a record has reached every server of its zone.
_SECONDS: Final = 900


class AcmeOrders:
    """Orders for the names of one host whose settings say how."""

    def __init__(self, host: HostSettings, acme: Acme) -> None:
        self._layout = host.layout
        self._base_domain = host.base_domain
        self._acme = acme

    @property
    def certificates(self) -> Path:
        """Where the certificates are, a folder each; it may not be there yet."""
        return self._layout.acme_store / "live"

    def directories(self) -> tuple[MakeDirectory, ...]:
        """What certbot writes in is root's alone; nginx's own user reads what it shows the authority."""
        layout = self._layout
        return (
            MakeDirectory(layout.acme, 0o711),
            MakeDirectory(layout.acme_store, 0o700),
            MakeDirectory(layout.acme / "work", 0o700),
            MakeDirectory(layout.acme / "logs", 0o700),
            MakeDirectory(layout.acme_challenges, 0o755),
        )

    def lineages(self, names: Iterable[str]) -> tuple[Lineage, ...]:
        """The certificates by which these names are to be served."""
        return lineages(names, self._base_domain, self._acme.challenge)

    def coming(self, lineage: Lineage, now: datetime) -> Certificate:
        """The certificate as it will be once it is ordered."""
        return Certificate(lineage.covers, now, now, _FIRST, self.certificates / lineage.name)

    def order(self, lineage: Lineage) -> OrderCertificate:
        """Have it, though nothing whole of it is there."""
        return self._step(lineage, renews=False)

    def renewal(self, lineage: Lineage) -> OrderCertificate:
        """Have another of it; the one there is stays until then."""
        return self._step(lineage, renews=(self.certificates / lineage.name / CHAIN).exists())

    def places(self, name: str) -> tuple[Path, ...]:
        """Everything certbot keeps of a lineage; what `certbot delete` removes."""
        store = self._layout.acme_store
        return (store / "renewal" / f"{name}.conf", store / "live" / name, store / "archive" / name)

    def _step(self, lineage: Lineage, *, renews: bool) -> OrderCertificate:
        acme = self._acme
        return OrderCertificate(
            lineage.covers,
            f"from {acme.directory}, by certbot and {acme.challenge}",
            self._command(lineage, renews=renews),
            self._mend(),
            self._layout.acme / "logs",
            () if renews else self.places(lineage.name),
            tuple(self._layout.acme_store / name for name in _COPIES),
        )

    def _command(self, lineage: Lineage, *, renews: bool) -> Command:
        acme, layout = self._acme, self._layout
        account = certbot.account(acme.email, acme.directory)
        asked = (lineage.name, lineage.covers, layout.acme, account, self._challenge())
        argv = certbot.order(*asked, renews=renews)
        walls = (f"ReadWritePaths={layout.acme}", *_WALLS)
        return systemctl.run_once(argv, walls, environment=dict(self._variables()), seconds=_SECONDS)

    def _challenge(self) -> tuple[str, ...]:
        publish, withdraw = self._acme.dns_auth_hook, self._acme.dns_cleanup_hook
        if self._acme.challenge == "dns-01" and publish and withdraw:
            return certbot.through_hooks(publish, withdraw)
        return certbot.through_files(self._layout.acme_challenges)

    def _variables(self) -> Iterator[tuple[str, str]]:
        yield "LANG", "C.UTF-8"
        if self._acme.ca_file:
            yield "REQUESTS_CA_BUNDLE", str(self._acme.ca_file)

    def _mend(self) -> str:
        if self._acme.challenge == "dns-01":
            hook = self._acme.dns_auth_hook
            return f"See to it that {hook} publishes the record, then run the command again."
        return "Let the name lead to this host, with its port 80 open to all, then run the command again."


#: certbot needs the network, its own folders and nothing else; an operator's hooks run in here too.
_WALLS: Final = (
    "Slice=tenantry.slice",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectControlGroups=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "LockPersonality=yes",
    "SystemCallFilter=@system-service",
    "UMask=0077",
    "MemoryMax=512M",
    "TasksMax=64",
)
