"""A backup is believed only when every byte of it is as it was written."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from provisioner.backups.folder import backups_in, new_path
from provisioner.backups.manifest import ArchiveRefused
from provisioner.backups.reading import read_manifest, read_members, verify
from provisioner.backups.writing import UnknownFile, checksum_file, write_backup
from tests.provisioner.backup_samples import ABOUT, NAME, ORIGINAL, copied_data, entry, repacked, sample


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    archive = sample(tmp_path)
    found: dict[str, bytes] = {}
    manifest = read_members(archive, lambda member, pieces: found.update({member.name: b"".join(pieces)}))
    assert found[NAME] == ORIGINAL
    assert sorted(found) == sorted(member.name for member in manifest.members)
    assert manifest.model_copy(update={"members": ()}) == ABOUT
    assert read_manifest(archive) == verify(archive) == manifest


def test_it_is_for_its_owner_and_can_be_checked_with_the_systems_own_tool(tmp_path: Path) -> None:
    archive = sample(tmp_path)
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert stat.S_IMODE(checksum_file(archive).stat().st_mode) == 0o600
    subprocess.run(["sha256sum", "--check", "--quiet", checksum_file(archive).name], cwd=tmp_path, check=True)
    subprocess.run(["tar", "-tzf", str(archive)], check=True, capture_output=True)


def test_scans_are_stored_as_they_are_and_texts_packed(tmp_path: Path) -> None:
    data, size = copied_data(tmp_path / "copy"), 300_000
    for content in (os.urandom(size), b"vingt-cinq jours ouvrables " * (size // 27)):
        (data / "originals" / hashlib.sha256(content).hexdigest()).write_bytes(content)
    archive = tmp_path / "dupont.tar.gz"
    write_backup(data, archive, ABOUT)
    assert size < archive.stat().st_size < 1.1 * size
    assert verify(archive).size > 2 * size - 100
    subprocess.run(["tar", "-tzf", str(archive)], check=True, capture_output=True)


def test_any_flipped_byte_is_refused(tmp_path: Path) -> None:
    archive = sample(tmp_path)
    whole = archive.read_bytes()
    for place in range(len(whole)):
        archive.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        with pytest.raises(ArchiveRefused):
            verify(archive)


def test_without_its_checksum_a_flipped_byte_is_refused_or_means_nothing(tmp_path: Path) -> None:
    """A few bits of gzip's decide nothing of what is unpacked; the rest is guarded from inside as well."""
    archive = sample(tmp_path)
    whole, manifest = archive.read_bytes(), verify(archive)
    checksum_file(archive).unlink()
    refused = 0
    for place in range(len(whole)):
        archive.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        try:
            found = verify(archive)
        except ArchiveRefused:
            refused += 1
        else:
            assert found == manifest
    assert refused > 0.9 * len(whole)


@pytest.mark.parametrize("length", [0, 1, 10, 500, -1, -9, -200])
def test_a_cut_off_file_is_refused(tmp_path: Path, length: int) -> None:
    archive = sample(tmp_path)
    checksum_file(archive).unlink()
    archive.write_bytes(archive.read_bytes()[:length])
    with pytest.raises(ArchiveRefused):
        verify(archive)


@pytest.mark.parametrize(
    "hostile",
    [
        entry("originals/link", tarfile.SYMTYPE, "/etc/passwd"),
        entry("tenant.sqlite3", tarfile.LNKTYPE, "/etc/passwd"),
        entry("originals/device", tarfile.CHRTYPE),
        entry("originals/pipe", tarfile.FIFOTYPE),
        entry("originals", tarfile.DIRTYPE),
        entry("/etc/cron.d/evil", size=1),
        entry("../../etc/cron.d/evil", size=1),
        entry("originals/../../evil", size=1),
        entry(".env", size=1),
        entry(NAME, size=1),
    ],
    ids=["link", "hard-link", "device", "pipe", "folder", "absolute", "above", "dots", "unknown", "twice"],
)
def test_an_archive_with_anything_else_in_it_is_refused(tmp_path: Path, hostile: tarfile.TarInfo) -> None:
    archive = repacked(sample(tmp_path), tmp_path / "hostile.tar.gz", hostile)
    with pytest.raises(ArchiveRefused, match="not among the files"):
        verify(archive)


def test_an_archive_without_one_of_its_files_is_refused(tmp_path: Path) -> None:
    archive = repacked(sample(tmp_path), tmp_path / "less.tar.gz", without=NAME)
    with pytest.raises(ArchiveRefused, match="is missing"):
        verify(archive)


def test_a_manifest_that_names_another_place_is_refused(tmp_path: Path) -> None:
    source = sample(tmp_path)
    text = gzip.decompress(source.read_bytes())
    changed = tmp_path / "changed.tar.gz"
    changed.write_bytes(gzip.compress(text.replace(b'"tenant.sqlite3"', b'"../ant.sqlite3"')))
    with pytest.raises(ArchiveRefused):
        verify(changed)


def test_no_backup_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no archive")
    (tmp_path / "other.tar.gz").write_bytes(gzip.compress(b""))
    os.mkfifo(tmp_path / "pipe")
    for name in ("text", "other.tar.gz", "pipe", "nothing", "."):
        with pytest.raises(ArchiveRefused):
            verify(tmp_path / name)


def test_a_link_or_a_pipe_among_the_data_is_not_followed(tmp_path: Path) -> None:
    linked = copied_data(tmp_path / "linked")
    (linked / "branding" / "logo-ffffffffffff.png").symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        write_backup(linked, tmp_path / "a.tar.gz", ABOUT)
    piped = copied_data(tmp_path / "piped")
    os.mkfifo(piped / "branding" / "logo-ffffffffffff.png")
    with pytest.raises(UnknownFile):
        write_backup(piped, tmp_path / "a.tar.gz", ABOUT)
    strange = copied_data(tmp_path / "strange")
    (strange / "branding" / ".hidden").write_text("")
    with pytest.raises(UnknownFile):
        write_backup(strange, tmp_path / "a.tar.gz", ABOUT)
    assert not list(tmp_path.glob("*.gz*"))
    assert not list(tmp_path.glob(".tenantry-*"))


def test_backups_are_known_by_their_names(tmp_path: Path) -> None:
    first = new_path(tmp_path, "dupont", ABOUT.taken_at)
    first.touch()
    second = new_path(tmp_path, "dupont", ABOUT.taken_at)
    second.touch()
    new_path(tmp_path, "dupont-2", ABOUT.taken_at).touch()
    checksum_file(first).touch()
    assert first.name == "dupont-20260131T090507Z.tar.gz"
    assert backups_in(tmp_path, "dupont") == [first, second]
    assert backups_in(tmp_path / "none", "dupont") == []
