"""Where everything of one root stands: pure paths, the same for every driver.

<root>/host.yaml registry.sqlite3 lock journal/ archive/ backups/ backups-host/ packages/ erasures/ hooks/
            admin/ mail/ alerts/ legal/
<root>/acme/certbot/ work/ logs/ challenges/
<root>/invoices/<year>/
<root>/isolation-proof              (while one is being made)
<root>/client-<id>/.env release.json data/ logs/ data-before-restore-<moment>/
<root>/run/ nginx/ logs/            (local driver only)
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from provisioner.naming import TenantId

SET_ASIDE: Final = "data-before-restore-"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths under one absolute root."""

    root: Path

    @property
    def host_file(self) -> Path:
        """The host's settings."""
        return self.root / "host.yaml"

    @property
    def registry(self) -> Path:
        """The registry's database."""
        return self.root / "registry.sqlite3"

    @property
    def lock(self) -> Path:
        """The lock every changing command holds."""
        return self.root / "lock"

    @property
    def journal(self) -> Path:
        """The folder of unfinished transactions."""
        return self.root / "journal"

    @property
    def archive(self) -> Path:
        """Where removed clients wait for their purge."""
        return self.root / "archive"

    @property
    def backups(self) -> Path:
        """Where clients' backups are kept, in a folder each."""
        return self.root / "backups"

    @property
    def host_backups(self) -> Path:
        """Where backups of the host's own files are kept."""
        return self.root / "backups-host"

    @property
    def packages(self) -> Path:
        """Where the packages made for clients are kept, in a folder each."""
        return self.root / "packages"

    @property
    def hooks(self) -> Path:
        """The operator's own programs, run after commands."""
        return self.root / "hooks"

    @property
    def erasures(self) -> Path:
        """The certificates of what was erased."""
        return self.root / "erasures"

    @property
    def acme(self) -> Path:
        """What certbot needs: its own folders, and the one that nginx serves to the authority."""
        return self.root / "acme"

    @property
    def acme_store(self) -> Path:
        """certbot's configuration, accounts and certificates, laid out as its /etc/letsencrypt."""
        return self.acme / "certbot"

    @property
    def acme_challenges(self) -> Path:
        """What nginx serves below /.well-known/acme-challenge/ is below this."""
        return self.acme / "challenges"

    @property
    def invoices(self) -> Path:
        """The invoices, in a folder for each year; they stay when a client is purged."""
        return self.root / "invoices"

    @property
    def isolation_proof(self) -> Path:
        """Where it stands while canaries are planted: in which clients."""
        return self.root / "isolation-proof"

    @property
    def mail(self) -> Path:
        """The letters that wait for a mail server."""
        return self.root / "mail"

    @property
    def legal(self) -> Path:
        """The vendor's legal texts."""
        return self.root / "legal"

    @property
    def alerts(self) -> Path:
        """What was told of what is wrong."""
        return self.root / "alerts"

    @property
    def admin(self) -> Path:
        """The dashboard's own database."""
        return self.root / "admin"

    @property
    def run(self) -> Path:
        """The local driver's supervisord, sockets and pid files."""
        return self.root / "run"

    @property
    def nginx(self) -> Path:
        """The local driver's nginx.conf and sites."""
        return self.root / "nginx"

    @property
    def logs(self) -> Path:
        """The local driver's logs that belong to no client."""
        return self.root / "logs"

    def client(self, tenant: TenantId) -> Path:
        """The client's folder."""
        return self.root / f"client-{tenant}"

    def env_file(self, tenant: TenantId) -> Path:
        """The client's settings and secrets."""
        return self.client(tenant) / ".env"

    def release_file(self, tenant: TenantId) -> Path:
        """Which installed version the client runs."""
        return self.client(tenant) / "release.json"

    def data(self, tenant: TenantId) -> Path:
        """The client's data directory, DATA_DIR."""
        return self.client(tenant) / "data"

    def snapshot(self, tenant: TenantId) -> Path:
        """The copy of its data that a client's instance makes for a backup."""
        return self.data(tenant) / "snapshot"

    def restoring(self, tenant: TenantId) -> Path:
        """Where a backup is unpacked before it becomes the client's data."""
        return self.client(tenant) / "restoring"

    def set_aside(self, tenant: TenantId, moment: datetime) -> Path:
        """Where the data go that a backup took the place of."""
        return self.client(tenant) / f"{SET_ASIDE}{moment:%Y%m%dT%H%M%S%fZ}"

    def client_logs(self, tenant: TenantId) -> Path:
        """The client's application and access logs."""
        return self.client(tenant) / "logs"
