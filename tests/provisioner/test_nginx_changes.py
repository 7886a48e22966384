"""nginx's configuration is tried as a whole on a copy; a live file changes only when the copy passes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.apply.interruption import Interruption
from provisioner.apply.nginx_actions import NginxRefuses, change_nginx
from provisioner.apply.tools import Tools
from provisioner.commands.command import Command
from provisioner.errors import CommandFailed, ProvisionError
from provisioner.filesystem import RenderedFile
from provisioner.runner import SystemRunner
from provisioner.steps import ChangeNginx, RemoveFile, Run, SignalProgram, WriteFile
from tests.provisioner.programs import RememberedPrograms

MAIN = """\
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/temporary;
    proxy_temp_path {folder}/temporary;
    fastcgi_temp_path {folder}/temporary;
    uwsgi_temp_path {folder}/temporary;
    scgi_temp_path {folder}/temporary;
    include sites/*.conf;
    include {folder}/nginx/extra/*.conf;
}}
"""
SITE = "server {{ listen 127.0.0.1:{port}; server_name {name}; return 204; }}\n"


@pytest.fixture
def programs() -> RememberedPrograms:
    return RememberedPrograms("nginx")


@pytest.fixture
def tools(programs: RememberedPrograms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    """What an action works with; a trial leaves nothing."""
    scratch = tmp_path_factory.mktemp("scratch")
    with Interruption() as interruption:
        yield Tools(SystemRunner(), programs, interruption, scratch)
    assert not list(scratch.iterdir())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("sites", "extra"):
        (tmp_path / "nginx" / folder).mkdir(parents=True)
    (tmp_path / "nginx" / "nginx.conf").write_text(MAIN.format(folder=tmp_path))
    (tmp_path / "nginx" / "sites" / "martin.conf").write_text(SITE.format(port=28901, name="martin"))
    return tmp_path / "nginx"


def change(tree: Path, *changes: WriteFile | RemoveFile) -> ChangeNginx:
    return ChangeNginx(tree, changes, SignalProgram("nginx", "HUP"))


def site(tree: Path, name: str, text: str | None = None) -> WriteFile:
    shown = SITE.format(port=28901, name=name) if text is None else text
    return WriteFile(RenderedFile(tree / "sites" / f"{name}.conf", shown))


def test_an_accepted_site_is_written_and_nginx_reloaded(
    tree: Path, tools: Tools, programs: RememberedPrograms
) -> None:
    undo = change_nginx(change(tree, site(tree, "dupont")), tools)
    assert (tree / "sites" / "dupont.conf").exists()
    assert programs.calls == ["HUP nginx"]
    assert undo is not None
    undo()
    assert not (tree / "sites" / "dupont.conf").exists()
    assert programs.calls == ["HUP nginx", "HUP nginx"]


def test_a_site_that_is_already_as_wanted_is_still_reloaded(
    tree: Path, tools: Tools, programs: RememberedPrograms
) -> None:
    (tree / "sites" / "dupont.conf").write_text(site(tree, "dupont").file.text)
    (tree / "sites" / "dupont.conf").chmod(0o644)
    change_nginx(change(tree, site(tree, "dupont")), tools)
    assert programs.calls == ["HUP nginx"]


def test_a_refused_site_changes_nothing_and_reloads_nothing(
    tree: Path, tools: Tools, programs: RememberedPrograms
) -> None:
    before = sorted(tree.rglob("*"))
    with pytest.raises(NginxRefuses) as caught:
        change_nginx(change(tree, site(tree, "dupont", "server { bogus on; }")), tools)
    assert 'unknown directive "bogus"' in caught.value.message
    assert str(tree / "sites" / "dupont.conf") in caught.value.message
    assert sorted(tree.rglob("*")) == before
    assert programs.calls == []


def test_a_comment_that_is_not_utf8_does_not_stand_in_the_way(
    tree: Path, tools: Tools, programs: RememberedPrograms
) -> None:
    main = tree / "nginx.conf"
    main.write_bytes("# réglé à la main\n".encode("latin-1") + main.read_bytes())
    change_nginx(change(tree, site(tree, "latin")), tools)
    assert (tree / "sites" / "latin.conf").exists()


@pytest.mark.parametrize("folder", ["sites", "extra"])
def test_a_broken_file_of_somebody_else_is_named(
    tree: Path, tools: Tools, programs: RememberedPrograms, folder: str
) -> None:
    theirs = tree / folder / "hand-made.conf"
    theirs.write_text("server { oops }")
    with pytest.raises(NginxRefuses) as caught:
        change_nginx(change(tree, site(tree, "dupont")), tools)
    assert f"{theirs}, which is not written by this command" in caught.value.message
    assert f"Correct or move {theirs}" in caught.value.mend
    assert theirs.exists()
    assert not (tree / "sites" / "dupont.conf").exists()
    assert programs.calls == []


def test_the_trial_makes_no_file_the_real_nginx_could_not_write(tree: Path, tools: Tools) -> None:
    change_nginx(change(tree, site(tree, "dupont")), tools)
    assert not (tree.parent / "nginx.pid").exists()
    assert not (tree.parent / "temporary").exists()


def test_a_removed_site_comes_back_when_undone(tree: Path, tools: Tools) -> None:
    undo = change_nginx(change(tree, RemoveFile(tree / "sites" / "martin.conf")), tools)
    assert not (tree / "sites" / "martin.conf").exists()
    assert undo is not None
    undo()
    assert "martin" in (tree / "sites" / "martin.conf").read_text()


def test_a_failing_reload_puts_the_old_files_back(tree: Path, tools: Tools) -> None:
    reload = Run("reload nginx", Command(("false",)))
    step = ChangeNginx(tree, (site(tree, "dupont"),), reload)
    with pytest.raises(CommandFailed):
        change_nginx(step, tools)
    assert not (tree / "sites" / "dupont.conf").exists()


def test_an_nginx_that_cannot_be_run_is_told(tree: Path, tools: Tools) -> None:
    step = ChangeNginx(tree, (site(tree, "dupont"),), SignalProgram("nginx", "HUP"), binary="no-such-nginx")
    with pytest.raises(ProvisionError, match="could not be started"):
        change_nginx(step, tools)
