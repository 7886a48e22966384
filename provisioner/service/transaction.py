"""One change of one root: under its lock, with a journal, undone as a whole when it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from provisioner.apply import lock
from provisioner.apply.executor import Executor
from provisioner.apply.interruption import Interruption
from provisioner.apply.journal import CutOff, Journal, cut_off, unbegun
from provisioner.apply.tools import Tools
from provisioner.errors import ProvisionError, Refused, UndoFailed, UnknownTenant
from provisioner.filesystem import move_directory, remove_file, sweep
from provisioner.layout import SET_ASIDE
from provisioner.naming import TenantId
from provisioner.registry.database import share
from provisioner.registry.registry import Registry
from provisioner.service.context import Context, begin_root
from provisioner.service.hooks import run_hook
from provisioner.service.lost_data import folder_steps
from provisioner.service.sight import Sight, has_ended
from provisioner.steps import Step


class Transaction:
    """What a service does its steps with, while it holds the lock.

    `detail` is kept with the event of a command that succeeds: one line without a secret. `settled` are other
    commands, cut off earlier, of which it leaves nothing behind when it ends well.
    """

    def __init__(self, context: Context, executor: Executor, registry: Registry, sight: Sight) -> None:
        self.registry = registry
        self.sight = sight
        self._context = context
        self._executor = executor
        self.host_prepared = False
        self.detail = ""
        self.settled: Sequence[CutOff] = ()

    def prepare_host(self) -> None:
        """Have there and running what all clients share; it stays, whatever fails later."""
        driver = self._context.driver
        lost = folder_steps(driver, self._context.layout, self.registry.all())
        self._executor.advance((*lost, *driver.host_steps(self.sight.host())))
        share(self._context.layout.registry, driver.reader_group)
        self.host_prepared = True

    def execute(self, steps: Sequence[Step]) -> None:
        """Do the steps; when one fails, all steps since the last `settle` are undone and it raises."""
        self._executor.execute(steps)

    def advance(self, steps: Sequence[Step]) -> None:
        """Do steps of what all clients share: they stay, whatever fails later."""
        self._executor.advance(steps)

    def settle(self) -> None:
        """From here on, what was done before stays, whatever fails later."""
        self._executor.settle()


@contextmanager
def changing(
    context: Context, command: str, tenant_id: str = "", *, settles: bool = True, begins: bool = False
) -> Iterator[Transaction]:
    """Hold the lock for a `with` block that changes something, and record how it ended.

    `command` is the command as typed, without its options' values: it is shown to others who wait. One
    that ends well leaves nothing behind of what was cut off of itself; one that `settles`, of any earlier
    command on the same client. One that `begins` a client may begin the root for it, and records last of all
    that the client is there. An exception undoes what was executed and not settled, and goes up.

    Raises LockHeld when another command is at work for too long; before a new root is begun, UnknownTenant
    and whatever the host's settings are refused for.
    """
    _ = context.driver
    if tenant_id and not begins and not context.layout.registry.exists():
        raise UnknownTenant(tenant_id)
    begin_root(context.layout)
    with (
        lock.held(context.layout.lock, command, context.clock, wait=context.lock_wait, waiting=context.say),
        Interruption() as interruption,
    ):
        registry = context.writable_registry
        earlier = _notice_cut_off(context, registry)
        journal = Journal.begin(context.layout.journal, command, tenant_id, context.clock, begins=begins)
        tools = Tools(context.runner, context.driver.programs, interruption, context.root)
        executor = Executor(tools, journal, context.observer)
        try:
            transaction = Transaction(context, executor, registry, Sight(context, earlier))
            yield transaction
        except BaseException as error:
            _abandon(error, executor, journal)
            _record(context, registry, tenant_id, command, error)
            raise
        # First: killed after that, the command is run again and recorded twice rather than never.
        _record(context, registry, tenant_id, command, None, transaction.detail)
        journal.end()
        own = [one for one in earlier if (one.command, one.tenant_id) == (command, tenant_id)]
        _forget([*own, *transaction.settled, *(_settled(earlier, transaction, tenant_id) if settles else ())])
    # Without the lock: a hook may well run a command itself.
    run_hook(context, command, tenant_id)


def _notice_cut_off(context: Context, registry: Registry) -> list[CutOff]:
    """Tell of commands that were killed, and sweep away the temporary files they left."""
    for path in unbegun(context.layout.journal):
        remove_file(path)
    found = cut_off(context.layout.journal)
    ended = [one for one in found if has_ended(one, registry)]
    for one in found:
        context.say(f"{one} {_whats_left(one)}" if one in ended else str(one))
    if found:
        sweep(context.root)
    _forget(ended)
    earlier = [one for one in found if one not in ended]
    for one in earlier:
        _put_back(context, one)
    return earlier


def _whats_left(one: CutOff) -> str:
    """What to do where a client is there, but nobody was told its first password and key."""
    return (
        "Its client is there: nothing of it is left to do. If its first password and key were not shown, "
        f"`provision user reset-password {one.tenant_id} EMAIL` and `provision key new {one.tenant_id}` give "
        "others."
    )


def _put_back(context: Context, one: CutOff) -> None:
    """A `restore` killed between its two moves has left a client without its data: they are beside.

    What an earlier one has set aside is not them.
    """
    data = context.layout.data(TenantId(one.tenant_id))
    first = context.layout.set_aside(TenantId(one.tenant_id), one.since).name
    aside = sorted(path for path in data.parent.glob(f"{SET_ASIDE}*") if path.name >= first)
    if one.command == f"restore {one.tenant_id}" and aside and not data.exists():
        move_directory(aside[-1], data)
        context.say(f"The data of {one.tenant_id} were put back where they were.")


def _settled(earlier: Sequence[CutOff], transaction: Transaction, tenant_id: str) -> Iterator[CutOff]:
    """What was cut off on the host is settled by having prepared it, but for what that does not write."""
    for one in earlier:
        prepared = transaction.host_prepared and (one.shared or not one.writes)
        if one.tenant_id == tenant_id if one.tenant_id else prepared:
            yield one


def _forget(over: Sequence[CutOff]) -> None:
    for one in over:
        remove_file(one.path)


def _abandon(error: BaseException, executor: Executor, journal: Journal) -> None:
    left = executor.undo()
    if left or isinstance(error, UndoFailed):
        journal.close()
    else:
        journal.end()


def _record(
    context: Context,
    registry: Registry,
    tenant_id: str,
    command: str,
    error: BaseException | None,
    detail: str = "",
) -> None:
    outcome = "done" if error is None else "refused" if isinstance(error, Refused) else "failed"
    if error is not None:
        detail = error.message if isinstance(error, ProvisionError) else type(error).__name__
    try:
        registry.add_event(tenant_id, command, context.operator, outcome, detail)
    except ProvisionError as failure:
        context.say(f"This was not recorded among the events: {failure}")
