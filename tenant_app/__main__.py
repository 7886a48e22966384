"""``python -m tenant_app serve`` and ``python -m tenant_app admin COMMAND``.

The settings come from the file named by TENANT_ENV_FILE, or handed over by systemd. Exit status 78: refused
settings, or a database that cannot be brought to this program's revision.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from tenant_app import data_directory
from tenant_app.boot_migration import bring_up_to_date
from tenant_app.data_directory import DataDirectoryInUse
from tenant_app.logs import configure_logs
from tenant_app.schema_revision import SchemaOutOfDate, require_current, require_not_lost
from tenant_app.settings import EX_CONFIG, InvalidSettings, Settings, load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return the exit status."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)
    try:
        settings = load_settings()
        if options.command == "admin":
            return _admin(options.name, settings)
        return _serve(settings)
    except (InvalidSettings, SchemaOutOfDate, DataDirectoryInUse) as error:
        print(f"tenant_app: {error}", file=sys.stderr)  # noqa: T201 - the one line a refused start says
        return EX_CONFIG if not isinstance(error, DataDirectoryInUse) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tenant_app", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve the instance until told to stop")
    admin = commands.add_parser("admin", help="run one operation while the instance is stopped")
    admin.add_argument("name", help="the operation; its JSON argument is read on standard input")
    return parser


def _admin(name: str, settings: Settings) -> int:
    from tenant_app.admin import administer  # noqa: PLC0415 - loads every subject; the master does not need it

    return administer(name, settings, sys.stdin, sys.stdout)


def _serve(settings: Settings) -> int:
    from tenant_app.wsgi import TenantServer  # noqa: PLC0415 - gunicorn is not for admin commands

    configure_logs(settings.client_id)
    data_directory.prepare(settings.data_dir)
    database = settings.data_dir / data_directory.DATABASE
    bring_up_to_date(database)
    data_directory.hold(settings.data_dir)
    data_directory.clear_leftovers(settings.data_dir)
    require_not_lost(database, settings.data_dir / data_directory.ORIGINALS)
    require_current(database)
    TenantServer(settings).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
