"""`package`: the interface a client installs on its own computers, with an API key of its own.

What is begun is written down before the key is made. A command that fails or is killed leaves a whole
package, or none and no key: what it could not take back itself, the next one for the same client does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from provisioner.errors import InvalidRequest, ProvisionError, WrongState
from provisioner.filesystem import new_file, remove_file
from provisioner.operator_client import InstanceRefused
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.render.client_package import PackageKey, address, client_package, folder_name, zipped
from provisioner.service import logos
from provisioner.service.context import Context
from provisioner.service.operations import perform
from provisioner.service.package_folder import Begun, Kept, PackageFolder, Record
from provisioner.service.tenants import require_state, spec_of
from provisioner.service.transaction import changing
from provisioner.spec import TenantSpec

_ACCEPTED: Final = (State.RUNNING, State.STOPPED, State.SUSPENDED)
_HINT: Final = 4
"""How many random characters of a key are shown to recognise it by, like in the client's own list."""


@dataclass(frozen=True, slots=True)
class Made:
    """A package that was made. `copy` is where `--to` wanted it; `replaced` is the key that has ended."""

    package: Kept
    address: str
    copy: Path | None
    replaced: int | None


def make(
    context: Context,
    tenant_id: str,
    *,
    to: Path | None = None,
    key_name: str | None = None,
    replace: bool = False,
) -> Made:
    """Make a client's package with a fresh key; with `replace`, that of the package before ends then.

    Raises WrongState when the plan allows no further key, InvalidRequest when `to` is no folder or there is
    nothing to replace. Failing, it leaves no file and no key.
    """
    if to is not None and not to.is_dir():
        raise InvalidRequest("--to", f"{to} is no folder.", "Make it first; only its owner should read it.")
    with changing(context, f"package {tenant_id}", tenant_id, settles=False) as transaction:
        entry = transaction.registry.get(tenant_id)
        require_state(entry, _ACCEPTED, "package")
        making = _Making(context, entry, PackageFolder(context.layout.packages / tenant_id))
        making.settle()
        making.begin(key_name, replace=replace)
        try:
            made = making.write(to.absolute() if to else None)
        finally:
            making.settle()
        transaction.detail = f"{made.package.file.name}, key {made.package.record.key_id}"
        return made


@dataclass(frozen=True, slots=True)
class _Making:
    context: Context
    entry: Entry
    folder: PackageFolder

    def begin(self, key_name: str | None, *, replace: bool) -> None:
        """Write down which package is being made, and which key gives way to its own."""
        now = self.context.clock.now()
        keys = self._keys()
        begun = Begun(
            file=self.folder.new_name(self.entry.id, now),
            key_name=key_name or f"Paquet client {now:%Y-%m-%d}",
            before=tuple(keys),
            going=self._going(keys) if replace else None,
        )
        self.folder.make()
        self.folder.begin(begun)

    def write(self, to: Path | None) -> Made:
        """Make the key, then the package with it."""
        begun = self.folder.begun()
        assert begun is not None
        spec = spec_of(self.context, self.entry.request, self.entry.port)
        answer = self._new_key(begun)
        secret = SecretStr(str(answer["key"]))
        key = PackageKey(str(answer["name"]), self.context.clock.now(), secret)
        content = self._packed(spec, key)
        self.folder.write(begun.file, content)
        record = Record(
            client_id=spec.id,
            file=begun.file,
            made_at=key.made_at,
            key_id=int(answer["id"]),
            key_name=key.name,
            key_hint=secret.get_secret_value()[: len(f"sk_{spec.plan}_") + _HINT],
        )
        copy = to / begun.file if to else None
        self._finish(record, copy, content)
        where = address(spec, self.context.host)
        kept = Kept(self.folder.file(begun.file), len(content), record)
        return Made(kept, where, copy, begun.going)

    def settle(self) -> None:
        """End what a package that was begun leaves: the key it replaces, or its own when it was not made."""
        begun = self.folder.begun()
        if begun is None:
            return
        if self.folder.record(begun.file) is not None:
            self._replace(begun)
        else:
            fresh = {number for number, key in self._keys().items() if key["name"] == begun.key_name}
            for number in sorted(fresh - set(begun.before)):
                perform(self.context, self.entry, "key-revoke", {"id": number})
            self.folder.erase(begun.file)
        self.folder.settle()

    def _packed(self, spec: TenantSpec, key: PackageKey) -> bytes:
        files = client_package(spec, self.context.host, key, logos.kept(self.context, spec))
        return zipped(files, folder_name(spec), key.made_at)

    def _finish(self, record: Record, copy: Path | None, content: bytes) -> None:
        """With its record it counts as made; a copy of one that does not count goes away."""
        try:
            if copy is not None:
                with new_file(copy) as stream:
                    stream.write(content)
            self.folder.keep(record)
        except BaseException:
            if copy is not None:
                remove_file(copy)
            raise

    def _keys(self) -> dict[int, dict[str, Any]]:
        found: Sequence[dict[str, Any]] = perform(self.context, self.entry, "key-list", {})["keys"]
        return {int(key["id"]): key for key in found}

    def _going(self, keys: dict[int, dict[str, Any]]) -> int:
        """Return the key that gives way: the last package's, or the only one there is."""
        # A restored client counts its keys anew from where the backup was: the number alone may be another's.
        hints = {number: key["hint"] for number, key in keys.items()}
        records = self.folder.records()
        packed = [record.key_id for record in records if hints.get(record.key_id) == record.key_hint]
        lasting = [number for number, key in keys.items() if not key["ends_at"]]
        if packed or len(lasting) == 1:
            return packed[-1] if packed else lasting[0]
        raise InvalidRequest(
            "--replace",
            f"{self.entry.id} has no package yet, and {len(lasting)} keys: which of them ends is not clear.",
            f"`provision key list {self.entry.id}` shows them, `provision key revoke` ends one.",
        )

    def _new_key(self, begun: Begun) -> dict[str, Any]:
        payload = {"name": begun.key_name, "instead_of": begun.going}
        try:
            return perform(self.context, self.entry, "key-new", payload)
        except InstanceRefused as error:
            if error.code != "no-key-left":
                raise
            raise WrongState(
                f"The plan of {self.entry.id} allows no further API key, and a package has one of its own.",
                f"`provision package {self.entry.id} --replace` ends the last package's key, or the only one "
                f"there is; `provision key revoke {self.entry.id} KEY` makes room.",
            ) from error

    def _replace(self, begun: Begun) -> None:
        if begun.going is None:
            return
        try:
            if begun.going in self._keys():
                perform(self.context, self.entry, "key-revoke", {"id": begun.going})
        except ProvisionError as error:
            raise ProvisionError(
                f"{self.folder.file(begun.file)} is whole; the key before it goes on: {error.message}",
                f"`provision key revoke {self.entry.id} {begun.going}` ends it.",
            ) from error
        now = self.context.clock.now()
        for record in self.folder.records():
            if record.key_id == begun.going:
                self.folder.keep(record.model_copy(update={"replaced_at": now}))
