"""The S3-compatible store that host.yaml may name: backups go there, are listed, fetched and erased there."""

from __future__ import annotations

import configparser
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from provisioner.backups import folder as folders
from provisioner.backups.manifest import ArchiveRefused
from provisioner.backups.object_store import ObjectStore, StoreFailed
from provisioner.backups.writing import checksum_file
from provisioner.errors import InvalidConfiguration, InvalidRequest
from provisioner.service.context import Context, begin_root
from provisioner.service.private_files import private_text

HOST: Final = "host"
"""The folder of the host's own backups; no client can be called so."""
PASSING: Final = "passing-"
"""How folders are called that stay under the root for the length of one command."""
_KEYS: Final = ("aws_access_key_id", "aws_secret_access_key")


def store_of(context: Context) -> ObjectStore | None:
    """Return the store of host.yaml; None when backups go to a folder. It is not asked anything yet.

    Raises InvalidConfiguration when its keys cannot be read, or others can read them.
    """
    host = context.host
    if not host.backups_go_to_s3:
        return None
    bucket, _, prefix = host.backup_target.removeprefix("s3://").partition("/")
    access_key, secret_key = _credentials(context)
    return ObjectStore(bucket, prefix, host.s3_endpoint, host.s3_region, access_key, secret_key)


def send(store: ObjectStore, folder: Path, name: str) -> None:
    """Have all backups of a name that wait in a folder in the store, oldest first, and no longer here.

    Raises StoreFailed; what is not there whole is still here.
    """
    for file in folders.backups_in(folder, name):
        for one in (file, checksum_file(file)):
            if one.exists():
                store.put(one, f"{name}/{one.name}")
        folders.erase(file)


def deliver(
    context: Context, store: ObjectStore, folder: Path, name: str, keep: int | None, *, of: str = ""
) -> tuple[str, ...]:
    """Send what waits in a folder, keep the `keep` newest there, and record it as an event.

    `of` is the client; empty: the host. Returns the addresses of what gave way. Without the lock: it may take
    hours. Raises StoreFailed, which says what stayed here.
    """
    record = partial(context.writable_registry.add_event, of, f"send {of or '--host'}", context.operator)
    try:
        send(store, folder, name)
        older = folders.surplus(list(sent(store, name)), keep)
        forget(store, name, older)
    except StoreFailed as error:
        record("failed", error.message)
        raise kept_here(error, folders.backups_in(folder, name)) from error
    record("done")
    return tuple(f"{store.address}/{name}/{one}" for one in older)


def sent(store: ObjectStore, name: str) -> dict[str, int]:
    """Return the backups of a name in the store, oldest first, with their sizes in bytes."""
    sizes = store.sizes(name)
    return {one: sizes[one] for one in folders.in_order(sizes, name)}


def is_as_written(store: ObjectStore, name: str) -> bool | None:
    """Say whether a backup in the store has the SHA-256 that stands beside it; None when none does."""
    folder, _, file = name.rpartition("/")
    beside = f"{file}.sha256"
    if beside not in store.sizes(folder):
        return None
    return store.text(f"{folder}/{beside}").split()[:1] == [store.sha256(name)]


def forget(store: ObjectStore, name: str, files: Sequence[str]) -> None:
    """Erase files of a name, each with its checksum."""
    there = store.sizes(name)
    for file in files:
        for one in (file, f"{file}.sha256"):
            if one in there:
                store.erase(f"{name}/{one}")


def erase_all(store: ObjectStore, name: str) -> None:
    """Erase all there is of a name."""
    for file in store.sizes(name):
        store.erase(f"{name}/{file}")


@contextmanager
def passing_folder(context: Context) -> Iterator[Path]:
    """Give a folder under the root, the operator's alone, for a `with` block.

    No backup is looked for in it: what is there is not listed, sent or counted by `--keep`.
    """
    begin_root(context.layout)
    with tempfile.TemporaryDirectory(prefix=PASSING, dir=context.root) as folder:
        yield Path(folder)


@contextmanager
def fetched(context: Context, where: str) -> Iterator[Path]:
    """Give a backup as a file for a `with` block, fetched for that long when it is in the store.

    Raises InvalidRequest for an address that is not in the store of host.yaml; StoreFailed; ArchiveRefused.
    """
    if not where.startswith("s3://"):
        yield Path(where)
        return
    store = store_of(context)
    if store is None or not where.startswith(f"{store.address}/"):
        raise InvalidRequest("ARCHIVE", f"{where} is not below the `backup_target` of host.yaml.")
    name = where.removeprefix(f"{store.address}/")
    with passing_folder(context) as folder:
        file = folder / name.rpartition("/")[2]
        try:
            _fetch(store, name, file)
            yield file
        except ArchiveRefused as error:
            raise type(error)(where, error.reason, error.mend) from error


def _fetch(store: ObjectStore, name: str, file: Path) -> None:
    with file.open("xb") as stream:
        store.fetch(name, stream)
    beside = f"{name}.sha256"
    if beside.rpartition("/")[2] in store.sizes(name.rpartition("/")[0]):
        checksum_file(file).write_text(store.text(beside))


def _credentials(context: Context) -> tuple[SecretStr, SecretStr]:
    """Return the keys of a file as the AWS tools write it; never shows its text."""
    where, file = "s3_credentials_file", context.host.s3_credentials_file
    mend = "[default], aws_access_key_id = …, aws_secret_access_key = …; `chmod 600`."
    if file is None:
        raise InvalidConfiguration(where, "backup_target is in S3, and this names no file.", mend)
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(private_text(file, (context.layout.backups,)))
        access_key, secret_key = (SecretStr(parser["default"][key]) for key in _KEYS)
    except ValueError as error:
        raise InvalidConfiguration(where, f"{file}: {error}.", mend) from error
    except (configparser.Error, KeyError):
        raise InvalidConfiguration(where, f"{file} does not hold the two keys.", mend) from None
    return access_key, secret_key


def kept_here(error: StoreFailed, files: Sequence[Path]) -> StoreFailed:
    """Return the failure to tell when backups could not be sent: they are whole, and here."""
    left = ", ".join(str(file) for file in files)
    return StoreFailed(
        f"{error.message} The backup is whole and stays here: {left}.",
        "The next `backup` takes along what is left here.",
    )
