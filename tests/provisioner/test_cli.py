"""The command line: what it refuses, what it prints, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from provisioner.cli.main import main, provision

HOSTILE_IDS = [
    "..", "a/b", "-rf", "acme\n", "\nacme", "Acme", "ACME", "аcme", "acmé", "acme ", " acme", "a", "9acme",
    "acme-", "ac--me", "acme_b", "a.b", "a;b", "$(id)", "a" * 32, "a" * 64, "", "admin", "www", "default",
    "api", "localhost", "new", "list", "purge", "{{7*7}}", "%n", "acme\x00",
]  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(list(words))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command there is, with the words that lead to it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = list(commands(provision))


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Like tmp_path, by a short name: sockets under a root bear no long path."""
    return tmp_path_factory.mktemp("c")


@pytest.mark.parametrize("tenant_id", HOSTILE_IDS)
def test_an_id_that_is_none_is_refused_and_nothing_is_begun(
    folder: Path, capsys: pytest.CaptureFixture[str], tenant_id: str
) -> None:
    root = folder / "root"
    code, out, err = run(capsys, "--root", str(root), "--json", "new", "--plan", "starter", "--", tenant_id)
    assert code == 2
    assert json.loads(out)["error"]["message"]
    assert "Traceback" not in err
    assert not root.exists()


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\x00b", "a${HOME}", "a\\", "a\u202eb", " a", ""])
def test_a_name_that_is_no_plain_line_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    words = ("new", "acme", "--plan", "starter", "--name", value)
    code, _, _ = run(capsys, "--root", str(folder / "root"), *words)
    assert code == 2
    assert not list((folder / "root").glob("client-*"))


@pytest.mark.parametrize(
    "pair", ["LD_PRELOAD=/x", "PYTHONPATH=/x", "max_cases=1\n", "max_cases=${X}", "max_cases"]
)
def test_only_known_keys_and_plain_values_can_be_set(
    folder: Path, capsys: pytest.CaptureFixture[str], pair: str
) -> None:
    code, _, _ = run(
        capsys, "--root", str(folder / "root"), "new", "acme", "--plan", "starter", "--set", pair
    )
    assert code == 2
    assert not list((folder / "root").glob("client-*"))


@pytest.mark.parametrize("words", [("--json", "list"), ("list", "--json"), ("--json", "list", "--json")])
def test_json_is_asked_for_before_or_after_the_command(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, "--root", str(folder), *words)
    assert (code, json.loads(out), err) == (0, [], "")


@pytest.mark.parametrize(
    "words", [("nonsense",), ("new",), ("logs", "a", "--lines", "x"), ("--driver", "k8s", "list")]
)
def test_a_command_line_that_is_none_is_refused_in_json_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "argv", ["provision", "--json"])
    code, out, _ = run(capsys, "--json", *words)
    assert code == 2
    assert json.loads(out)["error"]["code"] == "refused"


@pytest.mark.parametrize("port", ["0", "-1", "80", "70000"])
def test_a_port_no_client_can_have_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    words = ("new", "acme", "--plan", "starter", f"--port={port}", "--dry-run")
    code, out, _ = run(capsys, "--root", str(tmp_path / "root"), "--json", *words)
    assert code == 2
    assert "between 1024 and 65535" in json.loads(out)["error"]["message"]


def test_what_the_system_refuses_is_told_in_json_with_a_mend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "host.yaml").mkdir()
    code, out, err = run(capsys, "--root", str(tmp_path), "--json", "host", "init", "--dry-run")
    told = json.loads(out)["error"]
    assert code == 2
    assert str(tmp_path / "host.yaml") in told["message"]
    assert told["mend"]
    assert "Traceback" not in err


def test_a_damaged_registry_is_told_in_one_json_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "registry.sqlite3").write_text("this is no database " * 200)
    code, out, err = run(capsys, "--root", str(tmp_path), "--json", "list")
    assert code == 1
    assert "not a database" in json.loads(out)["error"]["message"]
    assert "provision: " in err


def test_an_unknown_client_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("show", "start", "stop", "restart", "logs", "status", "remove", "purge", "diff", "usage"):
        code, _, err = run(capsys, "--root", str(folder / "root"), command, "nobody")
        assert code == 2, command
        assert "There is no client 'nobody'" in err


@pytest.mark.parametrize(
    "words",
    [
        ("new", "acme", "--plan", "nonsense"),
        ("new", "acme", "--plan", "starter", "--email", "nonsense"),
        ("new", "acme", "--plan", "starter", "--port", "80"),
        ("new", "acme", "--plan", "starter", "--set", "max_cases=many"),
        ("new", "acme", "--plan", "starter", "--set", "allowed_origins=*"),
        ("new", "acme", "--plan", "starter", "--name", "Acme", "--set", "name=Autre"),
        ("new", "acme", "--plan", "starter", "--assistant", "nonsense"),
        *((one, "nobody") for one in ("start", "stop", "restart", "remove", "purge", "apply", "logs")),
        ("set", "nobody", "phone=0102030405"),
        ("user", "list", "nobody"),
        ("key", "new", "nobody"),
        ("ingest", "nobody", __file__),
        ("admin", "user", "add", "vous@example.fr"),
        ("admin", "serve", "--bind", "nonsense"),
    ],
    ids=" ".join,
)
def test_the_very_first_command_refused_leaves_no_root_behind(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    root = folder / "root"
    code, out, _ = run(capsys, "--root", str(root), "--json", *words)
    assert code == 2
    assert json.loads(out)["error"]["message"]
    assert not root.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTTP_PORT", "nonsense"), ("HTTP_PORT", "80"), ("LLM_API_KEY_FILE", "/nonexistent/key")],
)
def test_settings_that_refuse_the_first_client_leave_no_root_behind(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
) -> None:
    monkeypatch.setenv(f"TENANTRY_{name}", value)
    root = folder / "root"
    assert run(capsys, "--root", str(root), "new", "acme", "--plan", "starter")[0] == 2
    assert not root.exists()


def test_an_empty_host_says_how_to_begin(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "provision new" in run(capsys, "--root", str(folder), "list")[1]
    assert run(capsys, "--root", str(folder), "events")[1] == "Nothing was done yet.\n"
    assert run(capsys, "--root", str(folder), "usage")[1] == "Nothing was used yet.\n"
    assert run(capsys, "--root", str(folder), "diff")[1] == "Everything is as it shall be.\n"


def test_a_dry_run_on_a_new_host_shows_the_shared_parts_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(folder / "root")
    code, out, _ = run(capsys, "--root", root, "new", "acme", "--plan", "starter", "--dry-run")
    lines = out.splitlines()
    assert code == 0
    assert lines.index(f"make directory {root}/run (0711)") < lines.index(
        f"make directory {root}/client-acme (0711)"
    )
    assert any(line.startswith("start supervisord: ") for line in lines)
    assert run(capsys, "--root", root, "host", "init", "--dry-run")[1].startswith(f"write {root}/host.yaml")
    assert not Path(root).exists()


def test_a_wrong_host_file_is_refused_with_the_place(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "host.yaml").write_text("http_prt: 1\n")
    code, _, err = run(capsys, "--root", str(folder), "new", "acme", "--plan", "starter")
    assert code == 2
    assert "host.yaml: http_prt" in err


def test_doctor_finds_a_host_file_that_everybody_can_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "host.yaml"
    file.write_text("smtp_url: smtp://user:secret@mail.example.fr\n")
    file.chmod(0o644)
    found = json.loads(run(capsys, "--root", str(tmp_path), "--json", "doctor")[1])
    assert [one["mend"] for one in found if str(file) in one["problem"]] == [f"chmod 600 {file}"]
    file.chmod(0o600)
    assert str(file) not in run(capsys, "--root", str(tmp_path), "--json", "doctor")[1]


def test_a_roots_own_plans_win_and_are_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "plans.yaml").write_text("plans: {}\n")
    code, _, err = run(capsys, "--root", str(folder), "new", "acme", "--plan", "starter")
    assert code == 2
    assert "plans.yaml" in err


def test_a_privileged_port_is_refused_by_the_local_driver(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "host.yaml").write_text("http_port: 80\n")
    code, _, err = run(capsys, "--root", str(folder), "host", "init")
    assert code == 2
    assert "80 needs root" in err


def test_a_root_too_long_for_sockets_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "--root", str(folder / ("a" * 100)), "host", "init")
    assert code == 2
    assert "too long a path" in err


def test_without_a_home_the_root_must_be_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("TENANTRY_ROOT", raising=False)
    code, _, err = run(capsys, "list")
    assert code == 2
    assert "--root" in err


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_command_explains_itself_with_an_example(
    capsys: pytest.CaptureFixture[str], path: tuple[str, ...], command: click.Command
) -> None:
    code, out, _ = run(capsys, *path, "--help")
    assert code == 0
    assert "Example:" in out
    assert f"provision {path[0]}" in out
    assert all(
        option.help for option in command.params if isinstance(option, click.Option) and not option.hidden
    )


def test_the_contracts_commands_are_there() -> None:
    names = {" ".join(path) for path, _ in ALL}
    assert names >= {
        "new", "list", "show", "status", "start", "stop", "restart", "logs", "set", "user add", "user list",
        "user reset-password", "user remove", "key new", "key list", "key revoke", "ingest", "remove",
        "purge", "apply", "diff", "doctor", "events", "usage", "host init", "admin serve", "admin user add",
    }  # fmt: skip


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_taught_to_complete(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    code, out, _ = run(capsys, "completion", shell)
    assert code == 0
    assert "_PROVISION_COMPLETE" in out


def test_the_shell_completes_commands(folder: Path) -> None:
    environment = {
        "_PROVISION_COMPLETE": "bash_complete", "COMP_WORDS": "provision res", "COMP_CWORD": "1",
        "PATH": "/usr/bin:/bin", "HOME": str(folder),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "provisioner"], env=environment, capture_output=True, text=True, check=False
    )
    assert "plain,restart" in done.stdout


def test_only_what_a_command_needs_is_loaded(folder: Path) -> None:
    heavy = ("httpx", "rich", "flask", "jwt", "alembic", "psutil")
    program = (
        "import sys; from provisioner.cli.main import main; "
        f"main(['--root', {str(folder)!r}, 'list']); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
