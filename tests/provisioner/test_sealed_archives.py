"""An encrypted backup is age's own format, opens with its keys only, and is refused when one byte differs."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest
from pydantic import SecretStr

from provisioner.backups.age_streams import encrypting, opened
from provisioner.backups.manifest import ArchiveRefused
from provisioner.backups.reading import read_manifest, read_members, verify
from provisioner.backups.sealing import NO_KEYS, Keys, Locked, Seal, new_seal
from provisioner.backups.unpacking import unpack
from provisioner.backups.writing import checksum_file, write_backup
from tests.provisioner.backup_samples import ABOUT, NAME, ORIGINAL, copied_data

PASSPHRASE = SecretStr("seize tilleuls sous la pluie")
ELSEWHERE = pyrage.x25519.Identity.generate()
OURS = Keys((SecretStr(str(ELSEWHERE)),))


def sealed_sample(folder: Path, seal: Seal) -> Path:
    """An encrypted backup."""
    archive = folder / "dupont-20260131T090507Z.tar.gz.age"
    write_backup(copied_data(folder / "copy"), archive, ABOUT, seal)
    return archive


def to_recipient(folder: Path) -> Path:
    return sealed_sample(folder, new_seal([str(ELSEWHERE.to_public())], None))


def test_each_recipient_opens_it_alone_and_so_does_who_wrote_it(tmp_path: Path) -> None:
    second = pyrage.x25519.Identity.generate()
    seal = new_seal([str(ELSEWHERE.to_public()), str(second.to_public())], None)
    archive = sealed_sample(tmp_path, seal)
    assert ORIGINAL not in archive.read_bytes()
    for keys in (OURS, Keys((SecretStr(str(second)),)), seal.keys):
        found: dict[str, bytes] = {}
        manifest = read_members(archive, lambda one, pieces: found.update({one.name: b"".join(pieces)}), keys)  # noqa: B023
        assert found[NAME] == ORIGINAL
        assert manifest == verify(archive, keys) == read_manifest(archive, keys)


def test_a_passphrase_opens_it(tmp_path: Path) -> None:
    archive = sealed_sample(tmp_path, new_seal([], PASSPHRASE))
    assert verify(archive, Keys(passphrase=PASSPHRASE)).client_id == "dupont"
    with pytest.raises(Locked, match="the passphrase does not open it"):
        verify(archive, Keys(passphrase=SecretStr("another")))
    with pytest.raises(Locked, match="encrypted with a passphrase"):
        verify(archive)


def test_without_its_key_it_is_refused_and_nothing_is_unpacked(tmp_path: Path) -> None:
    archive = to_recipient(tmp_path)
    target = tmp_path / "target"
    target.mkdir()
    stranger = Keys((SecretStr(str(pyrage.x25519.Identity.generate())),))
    for keys, reason in ((NO_KEYS, "age recipients"), (stranger, "no key that was given")):
        with pytest.raises(Locked, match=reason):
            unpack(archive, target, None, usage=True, keys=keys)
    assert not list(target.iterdir())


def test_any_flipped_byte_is_refused(tmp_path: Path) -> None:
    archive = to_recipient(tmp_path)
    checksum_file(archive).unlink()
    whole = archive.read_bytes()
    for place in range(len(whole)):
        archive.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        with pytest.raises(ArchiveRefused):
            verify(archive, OURS)


@pytest.mark.parametrize("length", [0, 1, 30, 200, -1, -16, -500])
def test_a_cut_off_file_is_refused(tmp_path: Path, length: int) -> None:
    archive = to_recipient(tmp_path)
    checksum_file(archive).unlink()
    archive.write_bytes(archive.read_bytes()[:length])
    with pytest.raises(ArchiveRefused):
        verify(archive, OURS)


def test_a_front_without_an_end_is_refused(tmp_path: Path) -> None:
    archive = sealed_sample(tmp_path, new_seal([], PASSPHRASE))
    checksum_file(archive).unlink()
    archive.write_bytes(archive.read_bytes().replace(b"-----END", b"-----MID"))
    with pytest.raises(ArchiveRefused, match="has no end"):
        verify(archive, Keys(passphrase=PASSPHRASE))


def test_age_itself_opens_it_as_the_handbook_says(tmp_path: Path) -> None:
    """What `age` decrypts on another machine is decrypted here by the library of the same format."""
    handbook = (Path(__file__).parents[2] / "docs" / "operators" / "backups.md").read_text()
    archive = to_recipient(tmp_path)
    plain = pyrage.decrypt(archive.read_bytes(), [ELSEWHERE])
    assert ORIGINAL in gzip.decompress(plain)
    archive.unlink()
    archive = sealed_sample(tmp_path / "second", new_seal([], PASSPHRASE))
    for line in ("sed '/^-----END/q' FILE > key.age", "sed '1,/^-----END/d' FILE > archive.age"):
        assert line in handbook
        subprocess.run(["sh", "-c", line.replace("FILE", str(archive))], cwd=tmp_path, check=True)
    key = pyrage.passphrase.decrypt((tmp_path / "key.age").read_bytes(), PASSPHRASE.get_secret_value())
    identity = pyrage.x25519.Identity.from_str(key.decode())
    assert ORIGINAL in gzip.decompress(pyrage.decrypt((tmp_path / "archive.age").read_bytes(), [identity]))


def test_a_disk_that_is_full_is_told_as_that_and_leaves_no_file(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def write(self, piece: object, /) -> int:
            if piece:
                raise OSError(28, "No space left on device")
            return 0

    seal = new_seal([str(ELSEWHERE.to_public())], None)
    for size in (1, 5_000_000):
        with pytest.raises(OSError, match="No space left"), encrypting(Full(), seal) as plain:
            plain.write(bytes(size))


def test_who_stops_half_way_is_not_held_up(tmp_path: Path) -> None:
    archive = tmp_path / "large.age"
    with archive.open("wb") as target, encrypting(target, new_seal([], None)) as plain:
        plain.write(bytes(5_000_000))
    seal = new_seal([str(ELSEWHERE.to_public())], None)
    with archive.open("wb") as target, encrypting(target, seal) as plain:
        plain.write(bytes(5_000_000))
    with opened(archive, OURS) as plain:
        assert plain.read(10) == bytes(10)
    with pytest.raises(KeyError), opened(archive, OURS) as plain:
        raise KeyError
    with pytest.raises(KeyError), archive.open("wb") as target, encrypting(target, seal) as plain:
        raise KeyError


def test_it_is_not_held_in_memory() -> None:
    """In a process of its own, whose greatest size is then that of this work."""
    run = [sys.executable, "-m", "tests.provisioner.sealed_stream"]
    most = int(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert most < 60_000
