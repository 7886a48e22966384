"""What an operator gives a client: folders and archives become files, each with the place it lay in."""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import InvalidRequest
from provisioner.service import sources
from provisioner.service.sources import Source, sources_of


def _listed(*paths: Path) -> list[Source]:
    with ExitStack() as archives:
        return list(sources_of(paths, archives))


def _archive(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def test_a_folder_is_its_files_with_their_places(tmp_path: Path) -> None:
    folder = tmp_path / "Martin"
    (folder / "Pièces").mkdir(parents=True)
    (folder / "bail.txt").write_bytes(b"bail")
    (folder / "Pièces" / "lettre.txt").write_bytes(b"lettre")
    (folder / ".DS_Store").write_bytes(b"x")
    found = {(source.folder, source.name) for source in _listed(folder)}
    assert found == {("Martin", "bail.txt"), ("Martin/Pièces", "lettre.txt")}


def test_an_archive_is_read_entry_by_entry(tmp_path: Path) -> None:
    path = _archive(tmp_path / "Envoi.zip", **{"Actes/bail.txt": b"bail", "note.txt": b"note"})
    with ExitStack() as archives:
        found = {}
        for source in sources_of([path], archives):
            assert source.open is not None
            with source.open() as stream:
                found[source.folder, source.name] = stream.read()
    assert found == {("Envoi/Actes", "bail.txt"): b"bail", ("Envoi", "note.txt"): b"note"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../dehors.txt", "path"),
        ("/etc/passwd", "path"),
        ("a\\b.txt", "path"),
        ("a//b.txt", "path"),
        ("dedans.zip", "inside an archive"),
    ],
)
def test_what_an_archive_should_not_hold_is_refused_by_name(tmp_path: Path, name: str, reason: str) -> None:
    (source,) = _listed(_archive(tmp_path / "piege.zip", **{name: b"x"}))
    assert source.open is None
    assert reason in source.refused
    assert name in source.shown


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("lien.txt")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "lien.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    (source,) = _listed(tmp_path / "lien.zip")
    assert "link" in source.refused


def test_a_bomb_is_refused_by_its_announced_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGEST_FILE", 1_000_000)
    (source,) = _listed(_archive(tmp_path / "bombe.zip", **{"zeros.txt": b"0" * 1_000_001}))
    assert "larger than any plan" in source.refused


def test_an_archive_of_very_many_files_is_refused_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_ENTRIES", 2)
    (source,) = _listed(_archive(tmp_path / "foule.zip", **{f"{number}.txt": b"x" for number in range(3)}))
    assert source.refused == "It holds 3 files, 2 at most."


@given(content=st.binary(max_size=400))
def test_whatever_calls_itself_an_archive_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "x.zip"
    path.write_bytes(content)
    assert all(source.refused for source in _listed(path) if source.open is None)


def test_nothing_to_send_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="neither a file nor a folder"):
        _listed(tmp_path / "absent")
    with pytest.raises(InvalidRequest, match="no file in it"):
        _listed(tmp_path)
