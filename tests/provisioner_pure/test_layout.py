"""Every path of a root is where the operator's handbook says it is."""

from pathlib import Path

from provisioner.layout import Layout
from provisioner.naming import parse_tenant_id


def test_a_root_has_its_promised_layout() -> None:
    layout = Layout(Path("/var/www"))
    dupont = parse_tenant_id("dupont")
    paths = {
        layout.host_file: "host.yaml",
        layout.registry: "registry.sqlite3",
        layout.lock: "lock",
        layout.journal: "journal",
        layout.archive: "archive",
        layout.backups: "backups",
        layout.admin: "admin",
        layout.run: "run",
        layout.nginx: "nginx",
        layout.logs: "logs",
        layout.env_file(dupont): "client-dupont/.env",
        layout.data(dupont): "client-dupont/data",
        layout.snapshot(dupont): "client-dupont/data/snapshot",
        layout.client_logs(dupont): "client-dupont/logs",
    }
    assert {path: str(path.relative_to("/var/www")) for path in paths} == paths
