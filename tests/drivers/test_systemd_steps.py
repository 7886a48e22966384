"""What the systemd driver decides from what it sees, step by step, without a systemd."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from provisioner import installation
from provisioner.commands import systemctl
from provisioner.commands.command import Command
from provisioner.drivers import systemd_places as places
from provisioner.drivers.protocol import Activity, Observed, Tenant, Wish
from provisioner.drivers.systemd import SystemdDriver
from provisioner.drivers.units import Units
from provisioner.errors import InvalidConfiguration
from provisioner.filesystem import RenderedFile
from provisioner.host import HostSettings
from provisioner.naming import parse_tenant_id
from provisioner.steps import (
    ChangeNginx,
    ChangeUnits,
    OnReturn,
    Probe,
    RestartProgram,
    Run,
    StartProgram,
    Step,
    StopProgram,
    WriteFile,
)
from tests.drivers.answers import Answers
from tests.provisioner_pure.samples import SECRETS, host, spec

DUPONT = Tenant(spec(), SECRETS)
SERVICE, SOCKET = "tenant@dupont.service", "tenant@dupont.socket"
ANSWERS = "wait until http://dupont.localhost:8080/readyz answers 200"


@pytest.fixture(autouse=True)
def _installed_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "open_to_others", lambda: True)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def driver(answers: Answers) -> SystemdDriver:
    return SystemdDriver(host(), answers)


def told(steps: object) -> list[str]:
    """The steps as `--dry-run` shows them, shortened to verb and object."""
    assert isinstance(steps, tuple)
    return [step.describe().split(" (")[0].split(", once")[0].split(": ")[0] for step in steps]


def as_wished(driver: SystemdDriver, tenant: Tenant = DUPONT, *, running: bool = True) -> Observed:
    digests = {file.path: file.digest for file in driver.files(tenant)}
    return Observed(digests=digests, running=running, whole=True)


def test_a_new_client_gets_its_user_its_files_its_accounts_its_port_and_its_site(
    driver: SystemdDriver,
) -> None:
    steps = driver.steps(DUPONT, Observed(), Wish(initial=SecretStr("{}")))
    assert told(steps) == [
        "create system user tn-dupont",
        "make directory /srv/tenantry/client-dupont",
        "make directory /srv/tenantry/client-dupont/logs",
        "make directory /srv/tenantry/client-dupont/data",
        "make directory /srv/tenantry/client-dupont/data/usage",
        "make directory /var/lib/tenantry-egress/dupont",
        "write /srv/tenantry/client-dupont/.env",
        "write /srv/tenantry/client-dupont/release.json",
        "write /etc/tenantry/egress/clients/dupont.conf",
        "write /etc/systemd/system/tenant@dupont.socket.d/tenantry.conf",
        "create its database and first accounts",
        "open its port after every boot",
        "start program tenant@dupont.socket",
        "start program tenant@dupont.service",
        "write /etc/nginx/tenantry/sites/dupont.conf",
        ANSWERS,
    ]


def test_a_client_that_is_as_wished_needs_nothing(driver: SystemdDriver) -> None:
    assert driver.steps(DUPONT, as_wished(driver), Wish()) == ()


def test_a_changed_env_restarts_the_process_and_keeps_the_port_open(driver: SystemdDriver) -> None:
    before = as_wished(driver, Tenant(spec(name="Autre"), SECRETS))
    assert told(driver.steps(DUPONT, before, Wish())) == [
        f"if what follows fails, restart program {SERVICE}",
        "write /srv/tenantry/client-dupont/.env",
        f"restart program {SERVICE}",
        ANSWERS,
    ]


def test_a_changed_site_leaves_the_process_alone(driver: SystemdDriver) -> None:
    before = as_wished(driver)
    site = places.site(DUPONT.id)
    changed = Observed({**before.digests, site: "other"}, running=True, whole=True)
    assert told(driver.steps(DUPONT, changed, Wish())) == [f"write {site}", ANSWERS]


def test_another_port_closes_the_old_one_first(driver: SystemdDriver) -> None:
    before = as_wished(driver)
    changed = Observed({**before.digests, places.drop_in(SOCKET): "other"}, running=True, whole=True)
    steps = told(driver.steps(DUPONT, changed, Wish()))
    assert steps[2:6] == [
        f"stop program {SERVICE} and forget it",
        f"stop program {SOCKET} and forget it",
        "open its port after every boot",
        f"start program {SOCKET}",
    ]


def test_a_hand_edit_that_is_kept_changes_nothing(driver: SystemdDriver) -> None:
    before = as_wished(driver)
    env = host().layout.env_file(DUPONT.id)
    edited = Observed({**before.digests, env: "mine"}, running=True, whole=True)
    assert driver.steps(DUPONT, edited, Wish(keep=frozenset({env}))) == ()


def test_a_client_that_shall_rest_is_closed_and_one_that_rests_is_left(driver: SystemdDriver) -> None:
    resting = Tenant(spec(), SECRETS, running=False)
    assert told(driver.steps(resting, as_wished(driver), Wish()))[0] == "leave its port closed after a boot"
    assert driver.steps(resting, as_wished(driver, running=False), Wish()) == ()


SUSPENDED = Tenant(spec(), SECRETS, running=False, suspended=True)


def test_a_suspended_client_is_answered_for_first_and_then_ended_at_once(driver: SystemdDriver) -> None:
    assert told(driver.steps(SUSPENDED, as_wished(driver), Wish())) == [
        "write /etc/nginx/tenantry/sites/dupont.conf",
        "leave its port closed after a boot",
        f"stop program {SERVICE} at once and forget it",
        f"stop program {SOCKET} and forget it",
    ]


def test_a_suspended_client_that_rests_is_left(driver: SystemdDriver) -> None:
    resting = as_wished(driver, SUSPENDED, running=False)
    assert driver.steps(SUSPENDED, resting, Wish()) == ()


def test_a_process_that_does_not_stay_up_is_ended_by_a_suspension_too(driver: SystemdDriver) -> None:
    steps = told(driver.steps(SUSPENDED, as_wished(driver, running=False), Wish()))
    assert f"stop program {SERVICE} at once and forget it" in steps


def test_one_that_was_not_open_is_not_opened_by_undoing(driver: SystemdDriver) -> None:
    steps = driver.steps(SUSPENDED, as_wished(driver, running=False), Wish())
    (closing,) = [step for step in steps if isinstance(step, Run)]
    assert closing.undo is None


def test_a_resumed_client_serves_before_nginx_asks_it(driver: SystemdDriver) -> None:
    assert told(driver.steps(DUPONT, as_wished(driver, SUSPENDED, running=False), Wish())) == [
        "open its port after every boot",
        f"start program {SOCKET}",
        f"start program {SERVICE}",
        "write /etc/nginx/tenantry/sites/dupont.conf",
        ANSWERS,
    ]


def test_ending_at_once_tells_the_process_while_it_stops(answers: Answers) -> None:
    answers.states = {SERVICE: ("active", "running")}
    Units(answers).stop(SERVICE, forget=False, at_once=True)
    assert [line for line in answers.ran if " show " not in line] == [
        f"systemctl stop --no-block -- {SERVICE}",
        f"systemctl kill --kill-who=main --signal=QUIT -- {SERVICE}",
        f"systemctl stop -- {SERVICE}",
    ]


def test_a_resumed_new_stops_what_the_interrupted_one_started(driver: SystemdDriver) -> None:
    cut_off = Observed({}, running=True, whole=True)
    steps = told(driver.steps(DUPONT, cut_off, Wish(initial=SecretStr("{}"))))
    assert steps.index(f"stop program {SERVICE} and forget it") < steps.index(
        "create its database and first accounts"
    )


def test_start_and_stop_hold_across_boots(driver: SystemdDriver) -> None:
    assert told(driver.start_steps(DUPONT))[:3] == [
        "open its port after every boot",
        f"start program {SOCKET}",
        f"start program {SERVICE}",
    ]
    assert told(driver.stop_steps(DUPONT)) == [
        "leave its port closed after a boot",
        f"stop program {SERVICE} and forget it",
        f"stop program {SOCKET} and forget it",
    ]


def test_a_removed_client_leaves_its_directory_and_a_purged_one_nothing(driver: SystemdDriver) -> None:
    removed = told(driver.remove_steps(DUPONT))
    assert removed[0] == "remove /etc/nginx/tenantry/sites/dupont.conf"
    assert not any("client-dupont" in step for step in removed)
    assert told(driver.erase_steps(DUPONT)) == [
        "erase /srv/tenantry/client-dupont with everything in it",
        "erase /etc/nginx/tenantry/custom.d/dupont with everything in it",
        "erase /etc/systemd/system/tenant@dupont.socket.d with everything in it",
        "erase /etc/systemd/system/tenant@dupont.service.d with everything in it",
        "erase /var/lib/tenantry-egress/dupont with everything in it",
        "remove system user tn-dupont",
    ]


def test_a_host_begins_with_everything_and_then_needs_nothing(driver: SystemdDriver) -> None:
    everything = driver.host_steps(Observed(down=("nginx.service", "tenantry.target")))
    steps = told(everything)
    assert steps[0] == "create system group tenantry-read"
    assert "start program nginx.service" in steps
    assert not any(step.startswith("stop") for step in steps)
    assert steps[-1].startswith("write /etc/nginx/tenantry/proxy.conf")
    files = {file.path: file.digest for file in _files(everything)}
    assert driver.host_steps(Observed(files, running=True, whole=True)) == ()


def _files(steps: object) -> Iterator[RenderedFile]:
    assert isinstance(steps, tuple)
    for step in steps:
        for change in getattr(step, "changes", (step,)):
            if isinstance(change, WriteFile):
                yield change.file


def test_a_changed_shared_unit_is_restarted(driver: SystemdDriver) -> None:
    files = {file.path: file.digest for file in _files(driver.host_steps(Observed()))}
    files[places.UNITS / "tenantry-embeddings.service"] = "other"
    steps = told(driver.host_steps(Observed(files, running=True, whole=True)))
    assert "stop program tenantry-embeddings.service" in steps
    assert "start program tenantry-embeddings.service" in steps
    assert "start program nginx.service" not in steps


def test_nginx_lets_go_of_an_address_before_it_listens_on_another(driver: SystemdDriver) -> None:
    """A reload that cannot open an address goes on with the old configuration, and says so to nobody."""
    files = {file.path: file.digest for file in _files(driver.host_steps(Observed()))}
    (step,) = driver.host_steps(Observed(files, running=True, whole=True, rebinds=True))
    assert isinstance(step, ChangeNginx)
    assert step.reload == Run("restart nginx", systemctl.restart("nginx.service"))


def test_stopping_the_host_waits_for_every_client(driver: SystemdDriver) -> None:
    (step,) = driver.host_stop_steps([DUPONT.id])
    assert SERVICE in step.describe()
    assert "nginx" not in step.describe()


def test_a_program_gets_its_secrets_on_its_input(driver: SystemdDriver) -> None:
    command = driver.admin_command(DUPONT, "init", SecretStr('{"admin_password": "hidden"}'))
    assert "hidden" not in " ".join(command.argv)
    assert "--property=User=tn-dupont" in command.argv
    assert "--property=PrivateNetwork=yes" in command.argv


@pytest.mark.parametrize(
    ("service", "socket", "activity"),
    [
        (("active", "running"), ("active", "running"), Activity.RUNNING),
        (("activating", "start"), ("active", "running"), Activity.RUNNING),
        (("inactive", "dead"), ("active", "listening"), Activity.ASLEEP),
        (("inactive", "dead"), ("inactive", "dead"), Activity.STOPPED),
        (("failed", "failed"), ("active", "listening"), Activity.FAILED),
        (("activating", "auto-restart"), ("active", "running"), Activity.FAILED),
        (("inactive", "dead"), ("failed", "failed"), Activity.FAILED),
    ],
)
def test_what_a_client_does_is_read_from_its_two_units(
    driver: SystemdDriver,
    answers: Answers,
    service: tuple[str, str],
    socket: tuple[str, str],
    activity: Activity,
) -> None:
    answers.states = {SERVICE: service, SOCKET: socket}
    assert driver.activities([DUPONT.id]) == {"dupont": activity}
    assert len(answers.ran) == 1


def test_nobody_is_asked_about_no_client(driver: SystemdDriver, answers: Answers) -> None:
    assert driver.activities([]) == {}
    assert answers.ran == []


def test_an_open_port_counts_as_running_unless_the_process_fails(
    driver: SystemdDriver, answers: Answers
) -> None:
    answers.states = {SOCKET: ("active", "listening")}
    assert driver.observe(DUPONT).running
    answers.states[SERVICE] = ("failed", "failed")
    seen = driver.observe(DUPONT)
    assert (seen.running, seen.whole, seen.digests) == (False, False, {})


def test_the_shared_parts_that_are_down_are_named(driver: SystemdDriver, answers: Answers) -> None:
    up = ("active", "running")
    others = (
        *("tenantry.target", "tenantry-egress.service", "nginx.service"),
        *("tenantry-admin.socket", "tenantry-actions.socket", "tenantry-observation.timer"),
    )
    answers.states = dict.fromkeys(others, up)
    assert driver.observe_host().down == ("tenantry-embeddings.service",)
    (finding,) = driver.findings()
    assert (finding.subject, "journalctl" in finding.mend) == ("tenantry-embeddings.service", True)


def test_a_dashboard_that_runs_is_begun_anew_when_its_address_changes(driver: SystemdDriver) -> None:
    """It trusts the name it was started with, and would refuse every request for the new one."""
    files = {file.path: file.digest for file in _files(driver.host_steps(Observed()))}
    moved = driver_of(host().model_copy(update={"base_domain": "iamanager.fr"}))
    steps = told(moved.host_steps(Observed(files, running=True, whole=True)))
    assert "stop program tenantry-admin.service" in steps


def test_a_unit_is_started_again_after_a_failure_and_stopped_only_when_it_is_up(answers: Answers) -> None:
    units = Units(answers)
    answers.states = {SERVICE: ("failed", "failed"), SOCKET: ("active", "listening")}
    units.start(SERVICE)
    units.stop(SERVICE, forget=True)
    units.stop(SOCKET, forget=False)
    units.signal(SERVICE, "TERM")
    assert [line for line in answers.ran if "show" not in line] == [
        f"systemctl reset-failed -- {SERVICE}",
        f"systemctl start -- {SERVICE}",
        f"systemctl reset-failed -- {SERVICE}",
        f"systemctl stop -- {SOCKET}",
        f"systemctl kill --kill-who=main --signal=TERM -- {SERVICE}",
    ]


def test_a_unit_that_does_not_stay_up_is_trouble(answers: Answers) -> None:
    units = Units(answers)
    answers.states = {SERVICE: ("activating", "auto-restart"), SOCKET: ("active", "listening")}
    assert "ends as soon as it starts" in str(units.trouble(SERVICE))
    assert units.trouble(SOCKET) is None
    assert units.is_running(SOCKET)
    assert not units.is_running(SERVICE)


def test_the_log_is_the_units_journal(driver: SystemdDriver) -> None:
    shown = driver.log_command(DUPONT.id, lines=5, follow=True).argv
    assert shown[-3:] == ("--lines=5", "--follow", f"--unit={SERVICE}")
    assert "--follow" not in driver.log_command(DUPONT.id, lines=5, follow=False).argv


def test_what_the_driver_gives_is_said(driver: SystemdDriver) -> None:
    kept = {promise.name: promise.kept for promise in driver.promises()}
    assert kept["network-isolation"]
    assert kept["provider-key"]
    assert kept["sleep"]
    assert driver.notices() == ()


def driver_of(settings: HostSettings) -> SystemdDriver:
    return SystemdDriver(settings, Answers())


def test_no_provider_key_is_in_a_clients_file(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-provider")
    settings = HostSettings.model_validate(
        {"root": host().root, "llm_base_url": "https://llm.example/v1", "llm_api_key_file": key}
    )
    assert all("sk-provider" not in file.text for file in driver_of(settings).files(DUPONT))


@pytest.mark.parametrize("root", ["/srv/a b", "/srv/a%b", "/srv/a;b", "/"])
def test_a_root_that_units_cannot_name_is_refused(root: str) -> None:
    with pytest.raises(InvalidConfiguration, match="--root"):
        driver_of(host(Path(root)))


def test_code_that_clients_cannot_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "open_to_others", lambda: False)
    with pytest.raises(InvalidConfiguration, match="/opt"):
        driver_of(host())


def test_every_step_describes_itself_in_one_line(driver: SystemdDriver) -> None:
    steps: list[Step] = [
        *driver.steps(DUPONT, Observed(), Wish(initial=SecretStr("{}"))),
        *driver.remove_steps(DUPONT),
        *driver.host_steps(Observed()),
        *driver.host_stop_steps([parse_tenant_id("dupont")]),
    ]
    lines = [step.describe() for step in steps]
    assert not any("\n" in line or "s" * 64 in line for line in lines)


def test_a_change_over_that_is_taken_back_closes_the_port_before_anything_is_put_back(
    driver: SystemdDriver,
) -> None:
    before = as_wished(driver)
    changed = Observed({**before.digests, places.drop_in(SERVICE): "other"}, running=True, whole=True)
    back = Run("put its database back", Command(("true",)))
    first, unit, second, restart, probe = driver.steps(DUPONT, changed, Wish(returned=(back,), steady=10))
    assert isinstance(unit, ChangeUnits)
    assert restart == RestartProgram(SERVICE)
    assert isinstance(probe, Probe)
    assert probe.describe() == f"{ANSWERS}, and goes on for 10 s"
    assert isinstance(first, OnReturn)
    assert isinstance(second, OnReturn)
    # Undone last first: nothing may wake it while its data are put back; it starts once its files are back.
    closed = (StopProgram(SOCKET, forget=True), StopProgram(SERVICE, forget=True))
    assert second.steps == (*closed, back)
    assert first.steps[-2:] == (StartProgram(SERVICE), replace(probe, steady=0.0))


def test_a_stopped_client_of_another_version_is_only_written(driver: SystemdDriver) -> None:
    stopped = Tenant(spec(), SECRETS, running=False)
    before = as_wished(driver, stopped, running=False)
    changed = Observed({**before.digests, places.drop_in(SERVICE): "other"}, running=False, whole=True)
    back = Run("put its database back", Command(("true",)))
    (only,) = driver.steps(stopped, changed, Wish(returned=(back,)))
    assert isinstance(only, ChangeUnits)
