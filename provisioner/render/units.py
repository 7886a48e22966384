"""systemd's units, and what each client's two have of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.host import HostSettings
from provisioner.layout import Layout
from provisioner.render.templates import render
from provisioner.spec import TenantSpec


@dataclass(frozen=True, slots=True)
class UnitProgram:
    """What a unit starts: an absolute command line, and variables beside systemd's own."""

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    def words(self) -> dict[str, Sequence[str]]:
        """The values a unit's template prints."""
        return {"argv": self.argv, "environment": [f"{key}={value}" for key, value in self.variables.items()]}


def socket_drop_in(spec: TenantSpec) -> str:
    """Return what tenant@<id>.socket has of its own: the port."""
    return render("systemd/tenant.socket.conf.j2", port=spec.port)


def service_drop_in(
    spec: TenantSpec, layout: Layout, program: UnitProgram, embedding_group: str, egress: Path
) -> str:
    """Return what tenant@<id>.service has of its own; `egress` is where its way to the provider is."""
    return render(
        "systemd/tenant.service.conf.j2",
        **program.words(),
        root=str(layout.root),
        data_dir=str(layout.data(spec.id)),
        env_file=str(layout.env_file(spec.id)),
        user=spec.system_user,
        embedding_group=embedding_group,
        egress_sockets=str(egress.parent),
        egress=str(egress),
        memory_bytes=spec.terms.memory_mb * 1_000_000,
        cpu_percent=spec.terms.cpu_percent,
        tasks=spec.terms.tasks,
    )


def embeddings_unit(program: UnitProgram, group: str) -> str:
    """Return the embedding server's unit; it runs as the user, and gives its socket to the group, `group`."""
    return render("systemd/tenantry-embeddings.service.j2", **program.words(), group=group)


def egress_unit(layout: Layout, program: UnitProgram, user: str, sockets: Path) -> str:
    """Return the egress's unit; `sockets` holds a directory for each client, in which it listens."""
    return render(
        "systemd/tenantry-egress.service.j2",
        argv=program.argv,
        trial=(*program.argv, "-t", "-q"),
        user=user,
        sockets=str(sockets),
        root=str(layout.root),
    )


def admin_unit(host: HostSettings, program: UnitProgram, user: str, read_group: str) -> str:
    """Return the dashboard's unit; `read_group` may read the registry and the usage files.

    What of host.yaml the dashboard keeps from its start on is in it: a change of that restarts it.
    """
    return render(
        "systemd/tenantry-admin.service.j2",
        **program.words(),
        user=user,
        read_group=read_group,
        admin_dir=str(host.layout.admin),
        address=host.public_url(host.admin_name),
        language=host.language_default,
    )


def actions_unit(program: UnitProgram) -> str:
    """Return the unit of what acts on clients for the dashboard; it ends when nobody asks any more."""
    return render("systemd/tenantry-actions.service.j2", **program.words())


def actions_socket(socket: Path, group: str) -> str:
    """Return the unit of its socket, which the dashboard's group may use."""
    return render("systemd/tenantry-actions.socket.j2", socket=str(socket), group=group)


def timed_unit(name: str, layout: Layout, program: UnitProgram) -> str:
    """Return a unit that is started when its timer says so."""
    return render(f"systemd/{name}.j2", **program.words(), root=str(layout.root), admin_dir=str(layout.admin))


def admin_socket(socket: Path, nginx_group: str) -> str:
    """Return the unit of the dashboard's socket, which nginx's group may use."""
    return render("systemd/tenantry-admin.socket.j2", socket=str(socket), nginx_group=nginx_group)
