"""What the local driver decides: which steps, in which order, for which difference."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from provisioner import installation
from provisioner.drivers import local_promises, local_users
from provisioner.drivers.local import LocalDriver
from provisioner.drivers.local_users import LocalUsers, choose
from provisioner.drivers.protocol import Activity, Observed, Tenant, Wish
from provisioner.errors import InvalidConfiguration
from provisioner.host import HostSettings
from provisioner.layout import Layout
from provisioner.naming import TenantId
from provisioner.steps import (
    ChangeNginx,
    CreateUser,
    EndRemaining,
    MakeDirectory,
    Probe,
    RemoveTree,
    RemoveUser,
    Run,
    StartProgram,
    Step,
    StopProgram,
    WriteFile,
)
from tests.provisioner.samples import spec, tenant

ONE = LocalUsers(separate=False, why_not="it is a test")
SEPARATE = LocalUsers(separate=True)


def driver_for(root: Path, users: LocalUsers, monkeypatch: pytest.MonkeyPatch) -> LocalDriver:
    monkeypatch.setattr(local_users, "choose", lambda _layout: users)
    return LocalDriver(HostSettings(root=root))


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalDriver:
    return driver_for(tmp_path, ONE, monkeypatch)


def kinds(steps: tuple[Step, ...] | list[Step]) -> list[type]:
    return [type(step) for step in steps]


def as_wished(driver: LocalDriver, one: Tenant) -> Observed:
    return Observed({file.path: file.digest for file in driver.files(one)}, running=one.running, whole=True)


def test_a_new_tenant_is_built_from_the_ground_up(driver: LocalDriver) -> None:
    steps = list(driver.steps(tenant(), Observed(), Wish(initial=SecretStr("{}"))))
    begun = [*[MakeDirectory] * 4, *[WriteFile] * 3, Run]
    assert kinds(steps) == [*begun, StartProgram, ChangeNginx, Probe]


def test_nothing_is_to_be_done_where_nothing_differs(driver: LocalDriver) -> None:
    for one in (tenant(), tenant(running=False)):
        assert list(driver.steps(one, as_wished(driver, one), Wish())) == []


def test_a_changed_env_restarts_the_process_and_leaves_nginx_alone(driver: LocalDriver) -> None:
    observed = as_wished(driver, tenant())
    env = driver.files(tenant())[0].path
    stale = Observed({**observed.digests, env: "old"}, running=True, whole=True)
    steps = list(driver.steps(tenant(), stale, Wish()))
    assert kinds(steps) == [StopProgram, WriteFile, StartProgram, Probe]


def test_a_changed_site_is_reloaded_and_the_process_left_alone(driver: LocalDriver) -> None:
    observed = as_wished(driver, tenant())
    site = driver.files(tenant())[-1].path
    stale = Observed({**observed.digests, site: "old"}, running=True, whole=True)
    assert kinds(list(driver.steps(tenant(), stale, Wish()))) == [ChangeNginx, Probe]


def test_a_file_that_shall_be_kept_is_kept(driver: LocalDriver) -> None:
    files = frozenset(file.path for file in driver.files(tenant()))
    assert list(driver.steps(tenant(), Observed(running=True, whole=True), Wish(keep=files))) == []


def test_a_resumed_tenant_is_stopped_before_its_accounts_are_made_anew(driver: LocalDriver) -> None:
    steps = list(driver.steps(tenant(), as_wished(driver, tenant()), Wish(initial=SecretStr("{}"))))
    assert kinds(steps)[:3] == [StopProgram, Run, StartProgram]


def test_a_stopped_tenant_stays_stopped_when_files_change(driver: LocalDriver) -> None:
    steps = list(driver.steps(tenant(running=False), Observed(whole=True), Wish()))
    assert kinds(steps) == [*[WriteFile] * 3, ChangeNginx]


def test_stopping_holds_across_restarts_of_the_supervisor(driver: LocalDriver) -> None:
    stop, start = driver.stop_steps(tenant()), driver.start_steps(tenant())
    assert isinstance(stop[0], WriteFile)
    assert "autostart = false" in stop[0].file.text
    assert isinstance(start[0], WriteFile)
    assert "autostart = true" in start[0].file.text


def test_separate_users_own_what_is_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = driver_for(tmp_path, SEPARATE, monkeypatch)
    steps = list(driver.steps(tenant(), Observed(), Wish(initial=SecretStr("{}"))))
    assert steps[0] == CreateUser("tn-dupont", tmp_path / "client-dupont", ("tenantry-embed",))
    assert MakeDirectory(tmp_path / "client-dupont" / "data", 0o710, "tn-dupont", "tenantry-read") in steps
    env, release, program, site = driver.files(tenant())
    assert (release.owner, release.mode, release.secret) == (None, 0o644, False)
    assert (env.owner, env.group, env.mode) == ("tn-dupont", "tn-dupont", 0o600)
    assert "user = tn-dupont" in program.text
    assert driver.admin_command(tenant(), "init", SecretStr("{}")).user == "tn-dupont"
    assert driver.erase_steps(tenant()) == (
        RemoveTree(tmp_path / "client-dupont"),
        RemoveTree(tmp_path / "nginx" / "tenantry" / "custom.d" / "dupont"),
        RemoveUser("tn-dupont"),
    )
    assert site.owner is None
    assert driver.reader_group == "tenantry-read"


def test_the_first_host_steps_end_what_an_earlier_supervisor_left(
    driver: LocalDriver, tmp_path: Path
) -> None:
    steps = list(driver.host_steps(Observed()))
    assert EndRemaining(str(tmp_path), tmp_path / "run" / "nginx") in steps
    started = [step.name for step in steps if isinstance(step, StartProgram)]
    assert started == ["embeddings", "nginx", "dashboard", "actions"]
    assert kinds(list(driver.host_stop_steps([]))) == [EndRemaining]


def test_a_changed_listening_port_restarts_nginx(driver: LocalDriver) -> None:
    first = [step for step in driver.host_steps(Observed()) if isinstance(step, WriteFile)]
    digests = {step.file.path: step.file.digest for step in first}
    http = next(path for path in digests if path.name == "http.conf")
    whole = Observed(digests, running=True, whole=True)
    assert list(driver.host_steps(whole)) == []
    steps = list(driver.host_steps(Observed({**digests, http: "old"}, running=True, whole=True)))
    assert kinds(steps) == [ChangeNginx, StopProgram, StartProgram]
    down = list(driver.host_steps(Observed(digests, running=True, whole=True, down=("nginx",))))
    assert down == [StartProgram("nginx")]


def test_without_a_supervisor_nothing_runs(driver: LocalDriver) -> None:
    assert driver.activities([TenantId("dupont")]) == {TenantId("dupont"): Activity.STOPPED}
    assert not driver.observe(tenant()).running
    assert driver.observe_host() == Observed(down=("embeddings", "nginx", "dashboard", "actions"))
    assert {one.subject for one in driver.findings()} == {
        *("embeddings", "nginx", "dashboard", "actions", "users")
    }


def test_the_log_command_ends_at_the_file(driver: LocalDriver, tmp_path: Path) -> None:
    log = str(tmp_path / "client-dupont" / "logs" / "tenant.log")
    assert driver.log_command(TenantId("dupont"), lines=5, follow=False).argv == (
        "tail",
        "-n",
        "5",
        "--",
        log,
    )
    assert "-F" in driver.log_command(TenantId("dupont"), lines=5, follow=True).argv


def test_the_providers_key_is_read_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_users, "choose", lambda _layout: ONE)
    key = tmp_path / "key"
    host = HostSettings(root=tmp_path, llm_base_url="https://api.example.org/v1", llm_api_key_file=key)
    with pytest.raises(InvalidConfiguration, match="missing or empty"):
        LocalDriver(host).files(tenant())
    key.write_text("sk-provider\n")
    env = LocalDriver(host).files(tenant())[0]
    assert 'OPENAI_API_KEY="sk-provider"' in env.text
    assert env.secret


def test_what_is_promised_follows_who_runs_what() -> None:
    kept = {promise.name: promise.kept for promise in local_promises.promises(SEPARATE)}
    assert kept["own-user"]
    assert kept["unprivileged-nginx"]
    assert not kept["network-isolation"]
    assert local_promises.notices(SEPARATE) == ()
    assert "it is a test" in local_promises.notices(ONE)[0]
    assert local_promises.findings(SEPARATE) == ()
    closed = LocalUsers(separate=True, why_not="other users cannot enter /srv")
    assert "cannot enter /srv" in local_promises.findings(closed)[0].problem


def test_a_root_keeps_the_users_it_was_begun_with(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.run.mkdir()
    for mark, separate in (("separate\n", True), ("one\n", False)):
        local_users.mark_file(layout).write_text(mark)
        assert choose(layout).separate is separate


def test_separate_users_need_root_and_open_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "does not run as root" in choose(Layout(tmp_path)).why_not
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert "cannot enter" in choose(Layout(closed / "root")).why_not
    monkeypatch.setattr(installation, "reachable_by_others", lambda _path: True)
    monkeypatch.setattr(installation, "open_to_others", lambda: False)
    assert "cannot run" in choose(Layout(tmp_path)).why_not
    monkeypatch.setattr(installation, "open_to_others", lambda: True)
    assert choose(Layout(tmp_path)) == LocalUsers(separate=True)


def test_a_way_is_open_when_every_directory_lets_others_pass(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    ways = [path for path in (place, *place.parents) if path.is_relative_to(tmp_path)]
    before = installation.reachable_by_others(tmp_path)
    for path in ways[:-1]:
        path.chmod(0o711)
    assert installation.reachable_by_others(place) == before
    (tmp_path / "a").chmod(0o700)
    assert not installation.reachable_by_others(place)


def test_the_spec_of_the_sample_is_what_is_built(driver: LocalDriver) -> None:
    assert spec().system_user == "tn-dupont"
    assert driver.name == "local"


@pytest.mark.parametrize(("uid", "as_root"), [(0, True), (1000, False)])
def test_who_runs_clients_as_root_is_told_so_with_the_mend(
    monkeypatch: pytest.MonkeyPatch, uid: int, as_root: bool
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: uid)
    own_user = next(one for one in local_promises.promises(ONE) if one.name == "own-user")
    told = [own_user.sentence, *local_promises.notices(ONE), local_promises.findings(ONE)[0].problem]
    assert [("as root (uid 0)" in one) for one in told] == [as_root] * 3
    mend = local_promises.findings(ONE)[0].mend
    assert ("never as root" in mend) is as_root
    assert mend in local_promises.notices(ONE)[0]
