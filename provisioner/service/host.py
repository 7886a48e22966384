"""`host init` and `host stop`: the parts all clients share."""

from __future__ import annotations

import os
from collections.abc import Sequence

from provisioner.drivers.protocol import Driver
from provisioner.errors import WrongState
from provisioner.filesystem import RenderedFile
from provisioner.host import HostSettings, starting_text
from provisioner.naming import TenantId
from provisioner.registry.models import State
from provisioner.service.context import Context
from provisioner.service.sight import Sight
from provisioner.service.transaction import changing
from provisioner.steps import CreateGroup, Step, WriteFile


def init(context: Context) -> None:
    """Have the root, its host.yaml and the shared parts there and running; all clients with them."""
    with changing(context, "host init") as transaction:
        transaction.execute(settings_steps(context.host, context.driver.reader_group))
        transaction.prepare_host()


def rehearse_init(context: Context) -> Sequence[Step]:
    """Return exactly the steps `init` would do now."""
    driver: Driver = context.driver
    settings = settings_steps(context.host, driver.reader_group)
    return (*settings, *driver.host_steps(Sight.without_lock(context).host()))


def stop(context: Context) -> None:
    """Have nothing of this root running; `host init` or any `start` brings back what ran."""
    with changing(context, "host stop", settles=False) as transaction:
        running = [TenantId(one.id) for one in transaction.registry.all() if one.state == State.RUNNING]
        transaction.advance(context.driver.host_stop_steps(running))


def act_as_dashboard(context: Context) -> None:
    """Go on as the user whose database `<root>/admin` holds, so that root leaves no file of its own there.

    Raises WrongState before `host init`. There is no way back within this process.
    """
    folder = context.layout.admin
    if not folder.is_dir():
        raise WrongState(f"There is no {folder} yet.", "`provision host init` makes it.")
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def settings_steps(host: HostSettings, readers: str | None) -> tuple[Step, ...]:
    """Steps to have a host.yaml only root and the group `readers` read: a mail password belongs in it.

    One that is there is the operator's own and is left alone; `doctor` says when others may read it.
    """
    file = host.layout.host_file
    if file.exists():
        return ()
    if readers is None:
        return (WriteFile(RenderedFile(file, starting_text(host), 0o600)),)
    return (CreateGroup(readers), WriteFile(RenderedFile(file, starting_text(host), 0o640, group=readers)))
