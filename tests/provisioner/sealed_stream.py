"""Encrypts and decrypts 200 MB; prints the greatest size of the process before and after it, apart, in KB."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path

import pyrage
from pydantic import SecretStr

from provisioner.backups.age_streams import encrypting, opened
from provisioner.backups.sealing import Keys, new_seal


def _greatest() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    identity, piece = pyrage.x25519.Identity.generate(), bytes(1_000_000)
    before = _greatest()
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "large.age"
        with (
            archive.open("wb") as target,
            encrypting(target, new_seal([str(identity.to_public())], None)) as plain,
        ):
            for _ in range(200):
                plain.write(piece)
        with opened(archive, Keys((SecretStr(str(identity)),))) as plain:
            read = sum(len(one) for one in iter(lambda: plain.read(1_000_000), b""))
    assert read == 200_000_000
    print(_greatest() - before)  # noqa: T201 - its result


main()
