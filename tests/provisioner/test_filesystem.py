"""Files are replaced whole, with mode and owner set before anybody sees them."""

from __future__ import annotations

import os
import pwd
import socket
import stat
import tarfile
from pathlib import Path

import pytest

from provisioner import filesystem
from provisioner.filesystem import RenderedFile

ME = pwd.getpwuid(os.getuid()).pw_name


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_written_file_has_the_text_and_mode_asked_for_and_no_companion(tmp_path: Path) -> None:
    filesystem.write_file(RenderedFile(tmp_path / "a", "é\n", 0o640, owner=ME))
    assert (tmp_path / "a").read_text("utf-8") == "é\n"
    assert mode_of(tmp_path / "a") == 0o640
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_failed_write_leaves_the_old_file_and_no_companion(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.mkdir()
    with pytest.raises(IsADirectoryError):
        filesystem.write_file(RenderedFile(target, "new"))
    assert list(tmp_path.iterdir()) == [target]


def test_an_unknown_owner_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        filesystem.write_file(RenderedFile(tmp_path / "a", "x", owner="nobody-of-that-name"))
    assert not list(tmp_path.iterdir())


def test_writing_replaces_a_link_instead_of_following_it(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "a").symlink_to(victim)
    filesystem.write_file(RenderedFile(tmp_path / "a", "new"))
    assert victim.read_text() == "mine"
    assert not (tmp_path / "a").is_symlink()


def test_a_file_is_as_rendered_only_with_the_same_text_mode_and_owner(tmp_path: Path) -> None:
    file = RenderedFile(tmp_path / "a", "x", 0o600, owner=ME)
    assert not filesystem.is_as_rendered(file)
    filesystem.write_file(file)
    assert filesystem.is_as_rendered(file)
    (tmp_path / "a").chmod(0o644)
    assert not filesystem.is_as_rendered(file)


def test_a_snapshot_puts_a_file_back_with_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_text("before")
    target.chmod(0o640)
    before = filesystem.snapshot(target)
    filesystem.write_file(RenderedFile(target, "after", 0o600))
    assert before is not None
    before.restore()
    assert target.read_text() == "before"
    assert mode_of(target) == 0o640


def test_there_is_no_snapshot_of_nothing(tmp_path: Path) -> None:
    assert filesystem.snapshot(tmp_path / "none") is None


def test_a_directory_is_made_once_and_brought_to_its_mode(tmp_path: Path) -> None:
    assert filesystem.make_directory(tmp_path / "d", 0o710, owner=ME)
    (tmp_path / "d").chmod(0o777)
    assert not filesystem.make_directory(tmp_path / "d", 0o710)
    assert mode_of(tmp_path / "d") == 0o710


def test_a_link_in_place_of_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "d").symlink_to(tmp_path / "real")
    with pytest.raises(OSError, match="d"):
        filesystem.make_directory(tmp_path / "d", 0o777)
    assert mode_of(tmp_path / "real") == 0o700


def test_removing_says_whether_something_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert filesystem.remove_file(tmp_path / "a")
    assert not filesystem.remove_file(tmp_path / "a")
    (tmp_path / "d" / "e").mkdir(parents=True)
    assert filesystem.remove_tree(tmp_path / "d")
    assert not filesystem.remove_tree(tmp_path / "d")


def test_erasing_a_link_to_a_directory_leaves_the_directory(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "kept").write_text("x")
    (tmp_path / "d").symlink_to(tmp_path / "real")
    filesystem.remove_tree(tmp_path / "d")
    assert (tmp_path / "real" / "kept").exists()


def test_an_archive_holds_everything_links_as_links_and_is_for_its_owner_only(tmp_path: Path) -> None:
    source = tmp_path / "client-dupont"
    (source / "data").mkdir(parents=True)
    (source / "data" / "a").write_text("x")
    (source / "link").symlink_to("/etc/passwd")
    target = tmp_path / "out.tar.gz"
    filesystem.archive_tree(source, target)
    with tarfile.open(target) as archive:
        assert sorted(archive.getnames()) == [
            "client-dupont", "client-dupont/data", "client-dupont/data/a", "client-dupont/link",
        ]  # fmt: skip
        assert archive.getmember("client-dupont/link").issym()
    assert mode_of(target) == 0o600


def test_an_archive_of_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        filesystem.archive_tree(tmp_path / "none", tmp_path / "out.tar.gz")
    assert not list(tmp_path.iterdir())


def test_sweeping_removes_what_killed_writes_left_and_never_enters_client_data(tmp_path: Path) -> None:
    (tmp_path / "client-dupont" / "data").mkdir(parents=True)
    left = tmp_path / "client-dupont" / ".tenantry-0123"
    theirs = tmp_path / "client-dupont" / "data" / ".tenantry-0123"
    for path in (left, theirs, tmp_path / "host.yaml"):
        path.write_text("x")
    filesystem.sweep(tmp_path)
    assert not left.exists()
    assert theirs.exists()
    assert (tmp_path / "host.yaml").exists()


def test_sweeping_removes_folders_that_killed_trials_left_with_all_they_hold(tmp_path: Path) -> None:
    left = tmp_path / ".tenantry-0123"
    (left / "nginx").mkdir(parents=True)
    (left / "nginx" / ".tenantry-4567").write_text("x")
    (left / "outside").symlink_to(tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    filesystem.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_reading_what_is_not_there_gives_none_and_damaged_bytes_are_kept(tmp_path: Path) -> None:
    assert filesystem.read_text(tmp_path / "none") is None
    (tmp_path / "a").write_bytes(b"\xff")
    assert filesystem.read_text(tmp_path / "a") == "\udcff"


@pytest.fixture
def abyss(tmp_path: Path) -> Path:
    """A folder with more folders in one another than paths may be long, and a file at the bottom."""
    top = tmp_path / "abyss"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("pearl", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)
    return top


def test_a_client_cannot_dig_too_deep_to_be_archived_and_removed(tmp_path: Path, abyss: Path) -> None:
    filesystem.archive_tree(abyss, tmp_path / "out.tar.gz")
    with tarfile.open(tmp_path / "out.tar.gz") as archive:
        names = archive.getnames()
    assert names[-1] == "abyss/" + "d/" * 2500 + "pearl"
    assert filesystem.remove_tree(abyss)
    assert not abyss.exists()


def test_an_archive_holds_pipes_and_links_to_the_same_file_and_leaves_sockets_out(tmp_path: Path) -> None:
    source = tmp_path / "client"
    source.mkdir()
    (source / "one").write_text("same")
    (source / "two").hardlink_to(source / "one")
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "socket"))
        filesystem.archive_tree(source, tmp_path / "out.tar.gz")
    with tarfile.open(tmp_path / "out.tar.gz") as archive:
        kinds = {entry.name: entry.type for entry in archive}
    assert kinds == {
        "client": tarfile.DIRTYPE,
        "client/one": tarfile.REGTYPE,
        "client/two": tarfile.LNKTYPE,
        "client/pipe": tarfile.FIFOTYPE,
    }
