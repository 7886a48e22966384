"""Actions that were asked for: one at a time for a client, secrets once and only to who asked."""

import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from provisioner.actions.asking import NobodyActs
from provisioner.actions.requests import Backup, Request, Rotate
from provisioner.dashboard.jobs import Busy, Job, Jobs, UnknownJob
from provisioner.dashboard.roles import Actor, Role
from provisioner.dashboard.store import Store
from provisioner.host import HostSettings
from tests.dashboard.clock import FixedClock

CLAIRE = Actor("claire@vendor.test", Role.OPERATOR)
OTHER = Actor("token paie", Role.OWNER)


class Acting:
    """Stands at the other end of the socket: what is put here is told to who asked; None breaks off."""

    def __init__(self) -> None:
        self.lines: queue.Queue[Mapping[str, Any] | None] = queue.Queue()
        self.asked: list[Request] = []
        self.told = threading.Semaphore(0)

    def __call__(self, request: Request) -> Iterator[Mapping[str, Any]]:
        self.asked.append(request)
        while (line := self.lines.get(timeout=60)) is not None:
            yield line
            self.told.release()  # it has been taken note of when the next one is wanted
            if "done" in line or "error" in line:
                return
        raise NobodyActs("broke off")


@pytest.fixture
def acting() -> Iterator[Acting]:
    """Whatever is still asked when a test ends is broken off: no thread waits on into another test."""
    acting = Acting()
    yield acting
    for _ in acting.asked:
        acting.lines.put(None)


@pytest.fixture
def jobs(host: HostSettings, clock: FixedClock, acting: Acting) -> Jobs:
    host.layout.admin.mkdir()
    return Jobs(Store(host.root), clock, acting)


@pytest.fixture
def small_disk(host: HostSettings) -> Iterator[Path]:
    """The dashboard's folder on a disk of its own."""
    host.layout.admin.mkdir()
    mounted = ("mount", "-t", "tmpfs", "-o", "size=128k,mode=0700", "tmpfs", str(host.layout.admin))
    subprocess.run(mounted, check=True)
    yield host.layout.admin
    subprocess.run(("umount", "--lazy", str(host.layout.admin)), check=True)


def ended(jobs: Jobs, number: int, reader: Actor | None = None) -> Job:
    deadline = time.monotonic() + 60
    while jobs.get(number).state == "running":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return jobs.get(number, reader)


def test_progress_is_seen_and_secrets_are_given_once_to_who_asked(jobs: Jobs, acting: Acting) -> None:
    begun = jobs.begin("rotate", "dupont", Rotate(at_once=True), CLAIRE)
    acting.lines.put({"step": "write .env", "number": 2, "count": 5})
    assert acting.told.acquire(timeout=60)
    during = jobs.get(begun.id, CLAIRE)
    acting.lines.put({"done": {"url": "x"}, "secrets": {"password": "p"}})

    assert (during.state, during.progress.step, during.progress.number) == ("running", "write .env", 2)
    assert ended(jobs, begun.id, OTHER).secrets == {}
    assert ended(jobs, begun.id, CLAIRE).secrets == {"password": "p"}
    again = ended(jobs, begun.id, CLAIRE)
    assert (again.state, again.done, again.secrets) == ("done", {"url": "x"}, {})
    (asked,) = acting.asked
    assert (asked.who, asked.arguments) == (CLAIRE.name, {"at_once": True})


def test_a_client_has_one_action_at_a_time(jobs: Jobs, acting: Acting) -> None:
    begun = jobs.begin("backup", "dupont", Backup(), CLAIRE)
    with pytest.raises(Busy):
        jobs.begin("backup", "dupont", Backup(), OTHER)
    other = jobs.begin("backup", "martin", Backup(), OTHER)
    for _ in range(2):
        acting.lines.put({"error": {"message": "No.", "mend": "Wait.", "refused": True}})

    assert ended(jobs, begun.id).error == {"message": "No.", "mend": "Wait."}
    assert ended(jobs, other.id).state == "refused"
    assert jobs.begin("backup", "dupont", Backup(), CLAIRE).id > other.id
    acting.lines.put(None)


def test_one_that_breaks_off_has_failed(jobs: Jobs, acting: Acting) -> None:
    begun = jobs.begin("backup", "dupont", Backup(), CLAIRE)
    acting.lines.put(None)

    failed = ended(jobs, begun.id)

    assert failed.state == "failed"
    assert "broke off" in failed.error["message"]


def test_what_an_earlier_process_watched_is_called_lost(
    jobs: Jobs, acting: Acting, host: HostSettings, clock: FixedClock
) -> None:
    begun = jobs.begin("backup", "dupont", Backup(), CLAIRE)

    later = Jobs(Store(host.root), clock, acting)

    assert later.get(begun.id).state == "lost"
    assert [one.id for one in later.of_client("dupont", 5)] == [begun.id]
    acting.lines.put(None)


def test_one_that_ends_while_the_disk_is_full_has_ended_and_is_recorded_once_there_is_room(
    small_disk: Path, host: HostSettings, clock: FixedClock, acting: Acting
) -> None:
    jobs = Jobs(Store(host.root), clock, acting)
    begun = jobs.begin("rotate", "dupont", Rotate(at_once=True), CLAIRE)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free))
    acting.lines.put({"done": {"url": "x"}, "secrets": {"password": "p"}})
    assert ended(jobs, begun.id, CLAIRE).secrets == {"password": "p"}
    assert [one.state for one in jobs.of_client("dupont", 5)] == ["done"]

    filler.unlink()
    jobs.begin("backup", "dupont", Backup(), CLAIRE)

    assert Jobs(Store(host.root), clock, acting).get(begun.id).state == "done"


def test_there_is_no_job_of_a_number_that_was_never_given(jobs: Jobs, operator: FlaskClient) -> None:
    for number in (7, 2**63, 10**40):
        with pytest.raises(UnknownJob):
            jobs.get(number)
        assert operator.get(f"/admin/jobs/{number}").status_code == 404
