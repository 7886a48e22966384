"""Who runs what under the local driver: one system user per client, or everything as one user."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioner import installation
from provisioner.drivers.protocol import Named
from provisioner.filesystem import read_text
from provisioner.layout import Layout
from provisioner.steps import CreateGroup, CreateUser, Step

READERS: Final = "tenantry-read"
"""May read the registry and the usage files: the dashboard."""

EMBEDDERS: Final = "tenantry-embed"
"""May reach the embedding server's socket: every client."""

_SEPARATE: Final = "separate\n"
_ONE: Final = "one\n"


@dataclass(frozen=True, slots=True)
class LocalUsers:
    """The system users of one root. When not `separate`, every name is None: whoever runs it.

    `why_not` says what stands in the way of separate users; empty when nothing does.
    """

    separate: bool
    why_not: str = ""

    @property
    def web(self) -> str | None:
        """Runs nginx."""
        return self._name("tenantry-web")

    @property
    def web_worker(self) -> str:
        """Whom an nginx started by root hands its work to: root again, where everything is one user."""
        return "root" if self.all_as_root else ""

    @property
    def all_as_root(self) -> bool:
        """Whether clients, nginx and everything else run with all the rights there are."""
        return os.geteuid() == 0 and not self.separate

    @property
    def embedding(self) -> str | None:
        """Runs the embedding server."""
        return self._name("tenantry-embed")

    @property
    def dashboard(self) -> str | None:
        """Runs the vendor's dashboard."""
        return self._name("tenantry-admin")

    @property
    def readers(self) -> str | None:
        """The group that may read the registry and the usage files."""
        return self._name(READERS)

    @property
    def embedders(self) -> str | None:
        """The group that may reach the embedding server."""
        return self._name(EMBEDDERS)

    @property
    def mark(self) -> str:
        """What is written down of the choice, so that it stays the same for a root."""
        return _SEPARATE if self.separate else _ONE

    def tenant(self, tenant: Named) -> str | None:
        """Runs one client."""
        return self._name(tenant.system_user)

    def shared_steps(self, layout: Layout) -> tuple[Step, ...]:
        """Steps to have the users of the shared programs."""
        if not self.separate:
            return ()
        return (
            CreateGroup(READERS),
            CreateUser("tenantry-embed", layout.run / "embeddings"),
            CreateUser("tenantry-web", layout.run / "nginx"),
            CreateUser("tenantry-admin", layout.admin, (READERS,)),
        )

    def tenant_steps(self, tenant: Named, layout: Layout) -> tuple[Step, ...]:
        """Steps to have the user of one client."""
        if not self.separate:
            return ()
        return (CreateUser(tenant.system_user, layout.client(tenant.id), (EMBEDDERS,)),)

    def _name(self, name: str) -> str | None:
        return name if self.separate else None


def mark_file(layout: Layout) -> Path:
    """Where the choice is written down."""
    return layout.run / "users"


def choose(layout: Layout) -> LocalUsers:
    """Return the choice this root was begun with or, for a new root, the better one that works here."""
    why_not = _obstacle(layout)
    written = read_text(mark_file(layout))
    separate = not why_not if written is None else written == _SEPARATE
    return LocalUsers(separate, why_not)


def _obstacle(layout: Layout) -> str:
    if os.geteuid() != 0:
        return "the command does not run as root"
    if not installation.reachable_by_others(layout.root):
        return f"other users cannot enter {layout.root}"
    if not installation.open_to_others():
        return f"other users cannot run {installation.PYTHON} or read {installation.CODE}"
    return ""
