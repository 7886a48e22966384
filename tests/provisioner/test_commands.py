"""The exact command lines that would run, compared without running any."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from provisioner.commands import nginx, supervisord, system_users, tenant_admin
from provisioner.commands.command import Command
from provisioner.installation import Release


def test_nginx_is_asked_to_try_a_whole_tree_quietly() -> None:
    assert nginx.verify(Path("/tmp/copy/nginx.conf")).argv == (
        "nginx", "-t", "-q", "-c", "/tmp/copy/nginx.conf",
    )  # fmt: skip


def test_a_system_user_has_no_shell_no_home_made_and_a_group_of_its_own() -> None:
    assert system_users.create_user("tn-dupont", Path("/srv/client-dupont"), ("tenantry-embed",)).argv == (
        "useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/srv/client-dupont",
        "--shell", "/usr/sbin/nologin", "--groups", "tenantry-embed", "tn-dupont",
    )  # fmt: skip


def test_a_system_user_without_further_groups() -> None:
    assert "--groups" not in system_users.create_user("tn-dupont", Path("/srv"), ()).argv


def test_users_and_groups_are_removed_by_name() -> None:
    assert system_users.remove_user("tn-dupont").argv == ("userdel", "tn-dupont")
    assert system_users.create_group("tenantry-read").argv == ("groupadd", "--system", "tenantry-read")
    assert system_users.remove_group("tenantry-read").argv == ("groupdel", "tenantry-read")


def test_a_tenant_is_administered_as_its_user_with_the_payload_on_standard_input() -> None:
    payload = SecretStr('{"admin_password": "wolf-3"}')
    release = Release("1.2.0", "/opt/1.2.0/bin/python3", Path("/opt/1.2.0/lib"))
    command = tenant_admin.administer(
        "init", payload, release=release, env_file=Path("/srv/.env"), user="tn-dupont"
    )
    assert command.argv == ("/opt/1.2.0/bin/python3", "-m", "tenant_app", "admin", "init")
    assert command.environment["PYTHONPATH"] == "/opt/1.2.0/lib"
    assert command.user == "tn-dupont"
    assert command.environment["TENANT_ENV_FILE"] == "/srv/.env"
    assert command.stdin == payload


def test_supervisord_is_started_with_its_configuration() -> None:
    command = supervisord.start(Path("/srv/run/supervisord.conf"), {"A": "b"})
    assert command.argv[1:] == ("-m", "supervisor.supervisord", "-c", "/srv/run/supervisord.conf")
    assert command.environment == {"A": "b"}


def test_a_command_describes_itself_as_one_could_type_it_and_hides_what_it_reads() -> None:
    command = Command(
        ("echo", "two words"), stdin=SecretStr("wolf-3"), user="tn-dupont", environment={"A": "b c"}
    )
    assert command.describe() == ("A='b c' echo 'two words' as tn-dupont with secrets on its standard input")
    assert "wolf-3" not in repr(command)
