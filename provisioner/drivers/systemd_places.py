"""Where the systemd driver's parts stand on a Debian or Ubuntu host, and who runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from provisioner.naming import TenantId

UNITS: Final = Path("/etc/systemd/system")
NGINX: Final = Path("/etc/nginx")
NGINX_GROUP: Final = "www-data"
SITES: Final = NGINX / "tenantry" / "sites"
UNKNOWN_LOG: Final = Path("/var/log/nginx/tenantry-unknown.log")
DASHBOARD_LOG: Final = Path("/var/log/nginx/tenantry-admin.log")
ROTATION: Final = Path("/etc/logrotate.d/tenantry")

READERS: Final = "tenantry-read"
"""May read the registry and the usage files: the dashboard."""
EMBEDDERS: Final = "tenantry-embed"
"""Runs the embedding server; its members, every client, may reach it."""
DASHBOARD_USER: Final = "tenantry-admin"
EGRESS_USER: Final = "tenantry-egress"
"""Runs the nginx that alone may speak to the provider of language models."""

EMBEDDING_SOCKET: Final = Path("/run/tenantry-embeddings/embeddings.sock")
DASHBOARD_SOCKET: Final = Path("/run/tenantry-admin.sock")
ACTIONS_SOCKET: Final = Path("/run/tenantry-actions.sock")
ACTIONS: Final = ("tenantry-actions.socket", "tenantry-actions.service")
"""Acts on clients for the dashboard, as root: its door, and its process while somebody asks."""


class Timed(NamedTuple):
    """Something the host does by itself: the unit that does it, and the one that says when."""

    service: str
    timer: str


OBSERVATION: Final = Timed("tenantry-observation.service", "tenantry-observation.timer")
"""Notes every five minutes how each client answers."""
EGRESS_SERVICE: Final = "tenantry-egress.service"
RENEWAL: Final = Timed("tenantry-renewal.service", "tenantry-renewal.timer")
"""Renews the certificates obtained from an ACME authority, where there are any."""

MAIL: Final = Timed("tenantry-mail.service", "tenantry-mail.timer")
"""Sends letters, where there is a mail server."""

ALERTS: Final = Timed("tenantry-alerts.service", "tenantry-alerts.timer")
"""Looks for what is wrong, where somebody is told of it."""

TARGET: Final = "tenantry.target"
TEMPLATES: Final = ("tenantry.slice", TARGET, "tenant@.socket", "tenant@.service")


def service(tenant_id: TenantId) -> str:
    """The unit of a client's process."""
    return f"tenant@{tenant_id}.service"


def socket(tenant_id: TenantId) -> str:
    """The unit of a client's port."""
    return f"tenant@{tenant_id}.socket"


def units(tenant_id: TenantId) -> tuple[str, str]:
    """The units of a client: its port, its process."""
    return (socket(tenant_id), service(tenant_id))


def drop_in(unit: str) -> Path:
    """Our own drop-in of a unit; an operator's stand beside it."""
    return UNITS / f"{unit}.d" / "tenantry.conf"


def site(tenant_id: TenantId) -> Path:
    """A client's nginx site."""
    return SITES / f"{tenant_id}.conf"
