"""`doctor`: looks for what is not as it should be, and names the mend. It changes nothing."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterable, Iterator

from provisioner.drivers.protocol import Finding
from provisioner.errors import ProvisionError
from provisioner.installation import PRESENT
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.service import listing
from provisioner.service.backup_keys import keys_beside
from provisioner.service.certificates import examine_certificates
from provisioner.service.context import Context
from provisioner.service.convergence import Change, FileReport, diff
from provisioner.service.health import Health
from provisioner.service.host_checks import examine_host
from provisioner.service.lost_data import examine_data
from provisioner.service.process_checks import examine_processes
from provisioner.service.releases import release_of, runs_another
from provisioner.service.sight import Sight


def examine(context: Context) -> list[Finding]:
    """Return everything that was found, the host's own parts first."""
    entries = context.registry.all()
    lost = [*examine_data(context.layout, entries)]
    return [*lost, *_but_of(lost, _examine(context, entries)), *_cut_off_commands(context)]


def _but_of(lost: list[Finding], findings: Iterable[Finding]) -> list[Finding]:
    """What follows from a client's loss leads nowhere."""
    subjects = {one.subject for one in lost}
    return [one for one in findings if one.subject not in subjects]


def _examine(context: Context, entries: list[Entry]) -> list[Finding]:
    return [
        *context.driver.findings(),
        *examine_certificates(context),
        *examine_host(context),
        *examine_processes(context),
        *_without_ocr(entries),
        *_unfinished(entries),
        *_unhealthy(context),
        *_unknown_folders(context, entries),
        *_open_settings(context),
        *_open_secrets(context, entries),
        *keys_beside(context),
        *_differing_files(context),
    ]


def _without_ocr(entries: list[Entry]) -> Iterator[Finding]:
    if entries and shutil.which("tesseract") is None:
        problem = "tesseract is not installed: scanned pages are refused, even where the plan has OCR."
        yield Finding("host", problem, "apt install tesseract-ocr tesseract-ocr-fra")


def _cut_off_commands(context: Context) -> Iterator[Finding]:
    for one in Sight.without_lock(context).earlier:
        subject = one.tenant_id or "host"
        yield Finding(subject, str(one), "Run the same command again; it goes on from there.")


def _unfinished(entries: list[Entry]) -> Iterator[Finding]:
    for entry in entries:
        if entry.state == State.CREATING:
            mend = f"`provision new {entry.id} …` again finishes it, `provision purge {entry.id}` drops it."
            yield Finding(entry.id, "It was begun and not finished.", mend)


def _unhealthy(context: Context) -> Iterator[Finding]:
    for row in listing.rows(context):
        if row.health in (Health.DOWN, Health.DEGRADED):
            mend = f"`provision logs {row.id}` says why; `provision restart {row.id}` starts it anew."
            yield Finding(row.id, f"It is {row.state}, its health {row.health}.", mend)


def _unknown_folders(context: Context, entries: list[Entry]) -> Iterator[Finding]:
    known = {f"client-{entry.id}" for entry in entries if entry.state != State.ARCHIVED}
    for folder in sorted(context.root.glob("client-*")):
        if folder.name not in known:
            mend = "`provision remove` again if the client is archived; otherwise look at it and delete it."
            yield Finding(folder.name, f"{folder} belongs to no client that is served.", mend)


def _open_settings(context: Context) -> Iterator[Finding]:
    """The dashboard reads host.yaml through its group; a mail password in it is not for the clients."""
    path = context.layout.host_file
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o007:
        group = context.driver.reader_group
        mend = f"chgrp {group} {path} && chmod 640 {path}" if group else f"chmod 600 {path}"
        yield Finding("host", f"{path}, where a mail password belongs, can be read by everybody.", mend)


def _open_secrets(context: Context, entries: list[Entry]) -> Iterator[Finding]:
    for entry in entries:
        path = context.layout.root / f"client-{entry.id}" / ".env"
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(entry.id, f"{path} can be read by others.", f"chmod 600 {path}")


def _differing_files(context: Context) -> Iterator[Finding]:
    try:
        outcomes = diff(context, None)
    except ProvisionError as error:
        yield Finding("plans", error.message, error.mend)
        return
    for one in outcomes:
        if one.error:
            yield Finding(one.tenant_id, one.error.message, one.error.mend)
        if runs_another(context, one.tenant_id):
            problem = f"It runs Tenantry {release_of(context, one.tenant_id)}; this is {PRESENT}."
            yield Finding(one.tenant_id, problem, f"`provision upgrade {one.tenant_id}` brings it here.")
        else:
            yield from map(_differing_file, one.files)


def _differing_file(report: FileReport) -> Finding:
    mend = f"`provision diff {report.tenant_id}` shows it; `provision apply {report.tenant_id}` mends it."
    if report.change == Change.HAND_EDITED:
        mend = f"`provision apply {report.tenant_id} --reset` overwrites the edit, if it is not wanted."
    return Finding(report.tenant_id, f"{report.path} is not as it shall be ({report.change}).", mend)
