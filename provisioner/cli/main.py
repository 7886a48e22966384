"""`provision`: the root command, and how errors become messages and exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from provisioner import __version__
from provisioner.cli.commands import LazyGroup
from provisioner.cli.session import Session
from provisioner.errors import ProvisionError, Refused, from_system
from provisioner.service.context import DEFAULT_LOCK_WAIT

_COMMANDS: Final = {
    "new": "provisioner.cli.new:new",
    "list": "provisioner.cli.tenants:list_",
    "show": "provisioner.cli.tenants:show",
    "status": "provisioner.cli.tenants:status",
    "start": "provisioner.cli.lifecycle:start",
    "stop": "provisioner.cli.lifecycle:stop",
    "restart": "provisioner.cli.lifecycle:restart",
    "suspend": "provisioner.cli.suspension:suspend",
    "resume": "provisioner.cli.suspension:resume",
    "logs": "provisioner.cli.lifecycle:logs",
    "set": "provisioner.cli.settings:set_",
    "plan": "provisioner.cli.plan:plan",
    "domain": "provisioner.cli.domain:domain",
    "rotate": "provisioner.cli.rotation:rotate",
    "user": "provisioner.cli.user:user",
    "role": "provisioner.cli.role:role",
    "key": "provisioner.cli.key:key",
    "package": "provisioner.cli.packages:package",
    "packages": "provisioner.cli.packages:packages",
    "ingest": "provisioner.cli.ingest:ingest",
    "backup": "provisioner.cli.backups:backup",
    "backups": "provisioner.cli.backups:backups",
    "verify-backup": "provisioner.cli.backups:verify_backup",
    "restore": "provisioner.cli.restoring:restore",
    "clone": "provisioner.cli.restoring:clone",
    "export": "provisioner.cli.moving:export",
    "import": "provisioner.cli.moving:import_",
    "remove": "provisioner.cli.removal:remove",
    "purge": "provisioner.cli.removal:purge",
    "upgrade": "provisioner.cli.upgrade:upgrade",
    "apply": "provisioner.cli.convergence:apply",
    "diff": "provisioner.cli.convergence:diff",
    "doctor": "provisioner.cli.doctor:doctor",
    "prove-isolation": "provisioner.cli.isolation:prove_isolation",
    "events": "provisioner.cli.reports:events",
    "usage": "provisioner.cli.reports:usage",
    "invoice": "provisioner.cli.invoice:invoice",
    "option": "provisioner.cli.contract:option",
    "charge": "provisioner.cli.contract:charge",
    "notice": "provisioner.cli.contract:notice",
    "mail": "provisioner.cli.mail:mail",
    "alerts": "provisioner.cli.alerts:alerts",
    "host": "provisioner.cli.host:host",
    "admin": "provisioner.cli.admin:admin",
    "completion": "provisioner.cli.completion:completion",
}
INTERRUPTED: Final = 1


@click.command(
    cls=LazyGroup,
    modules=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    envvar="TENANTRY_ROOT",
    help="Where this host's files stand. [default: ~/.local/share/tenantry; systemd: /var/www]",
)
@click.option(
    "--driver",
    type=click.Choice(["local", "systemd"]),
    default="local",
    envvar="TENANTRY_DRIVER",
    show_default=True,
    help="What runs the clients.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
@click.option(
    "--lock-wait",
    type=click.FloatRange(min=0),
    default=DEFAULT_LOCK_WAIT,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another command at work on the same root.",
)
@click.option("--verbose", "-v", is_flag=True, help="Show every step as it is done.")
@click.version_option(version=__version__, prog_name="provision")
@click.pass_context
def provision(
    ctx: click.Context, root: Path | None, driver: str, as_json: bool, lock_wait: float, verbose: bool
) -> None:
    """One isolated AI document assistant per client: provision, run, watch.

    \b
    Example, from nothing to a client that answers:
        provision host init
        provision new dupont --plan professional --port 5001 --name "Cabinet Dupont & Associés"
        provision ingest dupont ~/documents
        provision list

    Exit codes: 0 done; 1 failed and undone; 2 refused, nothing touched; 3 `diff`, `doctor` or
    `prove-isolation` found something.
    """
    session = ctx.ensure_object(Session)
    session.root, session.driver, session.lock_wait = root, driver, lock_wait
    session.output.json |= as_json
    session.output.verbose = verbose


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    session = Session()
    try:
        status = provision.main(arguments, prog_name="provision", standalone_mode=False, obj=session)
    except ProvisionError as error:
        session.output.error(error)
        return error.exit_code
    except click.UsageError as error:
        return _misused(session, error)
    except (click.Abort, KeyboardInterrupt):
        session.output.error(ProvisionError("Stopped; nothing was done."))
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last door: whoever asked for JSON gets one document
        return _unforeseen(session, error)
    return status if isinstance(status, int) else 0


def _unforeseen(session: Session, error: Exception) -> int:
    """Tell of a failure no part of ours has words for; the system's own say what and where."""
    if session.output.verbose or not isinstance(error, OSError):
        traceback.print_exception(error)
    failure = from_system(error) if isinstance(error, OSError) else _defect(error)
    session.output.error(failure)
    return failure.exit_code


def _defect(error: Exception) -> ProvisionError:
    told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return ProvisionError(
        f"Tenantry failed where it should not ({told}).",
        "`provision doctor` says what it left; please report it with the lines above.",
    )


def _misused(session: Session, error: click.UsageError) -> int:
    """Tell of a command line that cannot be understood; nothing was touched."""
    session.output.json |= "--json" in sys.argv
    mend = f"`{error.ctx.command_path} --help` explains it." if error.ctx else ""
    session.output.error(Refused(error.format_message(), mend))
    return Refused.exit_code
