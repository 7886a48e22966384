"""`alerts`: looks for what is wrong, tells it by mail and webhook, and blocks a client that is abused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from pydantic import SecretStr

from provisioner.alerting import traffic
from provisioner.alerting.book import Alert, Book, Owed, Told, Turn, Way
from provisioner.alerting.conditions import Concern, Condition, quota_conditions
from provisioner.alerting.traffic import Counted
from provisioner.alerting.webhook import call
from provisioner.clock import stamp
from provisioner.errors import InvalidConfiguration, ProvisionError, Refused
from provisioner.filesystem import read_text
from provisioner.mail.letter import Kind
from provisioner.mail.spool import LetterState
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.render.letters import write_letter
from provisioner.service import listing, mail
from provisioner.service.certificates import examine_certificates
from provisioner.service.context import Context
from provisioner.service.health import Health
from provisioner.service.host_checks import Room, little_room, old_backup, old_host_backup
from provisioner.service.suspension import suspend
from provisioner.service.tenants import spec_of
from provisioner.usage_files import UnreadableUsage, UsageRecord, read_usage

_SERVED: Final = (State.RUNNING, State.STOPPED, State.SUSPENDED)
_WAITED: Final = timedelta(hours=1)
_BYTES_PER_MB: Final = 1_000_000


@dataclass(slots=True)
class Checked:
    """What a check found: what is told, whom it blocked, and what kept it from telling or blocking."""

    told: list[Told] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    troubles: list[ProvisionError] = field(default_factory=list)


def book_of(context: Context) -> Book:
    """Return the root's book of alerts."""
    return Book(context.layout.alerts, context.clock)


def check(context: Context) -> Checked:
    """Look for what is wrong, write down what is to be told, tell it, and block who asks too much.

    What cannot be told now is told by the next check. Raises InvalidConfiguration for a webhook's secret that
    cannot be read.
    """
    book, checked = book_of(context), Checked()
    secret = _webhook_secret(context)
    conditions = list(present(context, book))
    checked.told = book.record(conditions, _ways(context))
    for condition in conditions:
        if condition.concern == Concern.ABUSE and context.host.alerts.block_abuse:
            _block(context, book, condition, checked)
    _write_letters(context, book)
    if mail.is_configured(context):
        trouble = mail.deliver(context).trouble
        checked.troubles += [trouble] if trouble else []
    _call(context, book, secret, checked)
    return checked


def present(context: Context, book: Book) -> Iterator[Condition]:
    """Return what is wrong now; counts what clients have asked since the last time."""
    entries = [entry for entry in context.registry.all() if entry.state in _SERVED]
    yield from _down(context)
    yield from _host(context)
    for entry in entries:
        yield from _backups(context, entry)
        yield from _usage(context, book, entry)


def open_alerts(context: Context) -> list[Alert]:
    """Return what is wrong as of the last check."""
    return book_of(context).alerts()


def try_ways(context: Context) -> tuple[Way, ...]:
    """Tell everybody who is to be told that this is a trial, now; return which ways were tried.

    Raises Refused when host.yaml names nobody, and what went wrong.
    """
    ways, now = _ways(context), context.clock.now()
    if not ways:
        raise Refused(
            "Nobody is told of anything: `alerts` in host.yaml names neither e-mail nor webhook_url.",
            "Write one there; e-mail needs smtp_url and vendor.email as well.",
        )
    document = {
        "turn": "trial",
        "key": f"trial:{stamp(now)}",
        "concern": "trial",
        "client": "",
        "problem": "This is a trial: nothing is wrong.",
        "mend": "Nothing is to be done.",
        "since": stamp(now),
    }
    if Way.WEBHOOK in ways:
        call(context.host.alerts.webhook_url, document, _webhook_secret(context), now)
    if Way.MAIL in ways:
        _letters(context, document, f"alert:trial:{now.isoformat()}")
        outcome = mail.deliver(context)
        if outcome.trouble:
            raise outcome.trouble
    return ways


def _ways(context: Context) -> tuple[Way, ...]:
    alerts = context.host.alerts
    by_mail = (Way.MAIL,) if alerts.email and mail.is_configured(context) else ()
    return (*by_mail, *((Way.WEBHOOK,) if alerts.webhook_url else ()))


def _down(context: Context) -> Iterator[Condition]:
    for row in listing.rows(context):
        if row.health in (Health.DOWN, Health.DEGRADED) or row.state == "failed":
            yield Condition(
                f"down:{row.id}",
                Concern.DOWN,
                row.id,
                f"{row.id} is {row.state}, its health {row.health}.",
                f"`provision logs {row.id}` says why; `provision restart {row.id}` starts it anew.",
                doubtful=True,
            )


def _host(context: Context) -> Iterator[Condition]:
    for found in little_room(context.root, lambda path: Room(*shutil.disk_usage(path))):
        yield Condition("disk", Concern.DISK, "", found.problem, found.mend)
    for found in (*context.driver.findings(), *examine_certificates(context)):
        if found.of_certificate:
            key = f"certificate:{found.subject}"
            yield Condition(key, Concern.CERTIFICATE, "", found.problem, found.mend)
    yield from _host_backup(context)
    if mail.is_configured(context):
        yield from _letters_left(context)


def _letters_left(context: Context) -> Iterator[Condition]:
    now = context.clock.now()
    waiting = [
        one
        for one in mail.spool_of(context).all()
        if one.state == LetterState.WAITING and now - one.written_at > _WAITED
    ]
    if waiting:
        problem = f"{len(waiting)} letters have waited for more than an hour: {waiting[-1].trouble}"
        yield Condition("mail", Concern.MAIL, "", problem, "`provision mail list` shows them.")


def _host_backup(context: Context) -> Iterator[Condition]:
    key, mend = "backup:host", "`provision backup --host`"
    if problem := _unkept(context, "--host", "the host"):
        yield Condition(key, Concern.BACKUP, "", problem, mend)
        return
    taken = context.registry.last_done("", "backup --host")
    for found in old_host_backup(context.registry.all(), taken, context.clock.now()):
        yield Condition(key, Concern.BACKUP, "", found.problem, mend)


def _backups(context: Context, entry: Entry) -> Iterator[Condition]:
    key, command = f"backup:{entry.id}", f"backup {entry.id}"
    if problem := _unkept(context, entry.id, entry.id):
        yield Condition(key, Concern.BACKUP, entry.id, problem, f"`provision {command}`")
        return
    taken = context.registry.last_done(entry.id, command)
    for found in old_backup(entry, taken, context.clock.now()):
        yield Condition(key, Concern.BACKUP, entry.id, f"{entry.id}: {found.problem}", found.mend)


def _unkept(context: Context, name: str, whose: str) -> str:
    """Say that the last backup failed, or did not get to where backups go; empty when it is kept."""
    taken = context.registry.last(f"backup {name}")
    if taken is not None and taken.outcome == "failed":
        return f"The last backup of {whose} failed: {taken.detail}"
    sent = context.registry.last(f"send {name}") if context.host.backups_go_to_s3 else None
    if sent is not None and sent.outcome == "failed":
        return f"The last backup of {whose} is on this host only: {sent.detail}"
    return ""


def _usage(context: Context, book: Book, entry: Entry) -> Iterator[Condition]:
    """What an unreadable usage file would say is unknown; the dashboard and `usage` tell of it."""
    folder = context.layout.root / f"client-{entry.id}"
    try:
        record = read_usage(folder, entry.id, f"{context.clock.now():%Y-%m}")
    except UnreadableUsage:
        return
    if record is None:
        return
    terms = spec_of(context, entry.request, entry.port).terms
    yield from quota_conditions(
        entry.id, record, terms.max_storage_mb * _BYTES_PER_MB, terms.llm_budget_monthly
    )
    if entry.state != State.SUSPENDED:
        yield from _abuse(context, book, entry, record)


def _abuse(context: Context, book: Book, entry: Entry, record: UsageRecord) -> Iterator[Condition]:
    hour = book.count(entry.id, Counted(record.month, record.requests_used))
    said = traffic.abuse(hour, context.host.alerts.requests_per_hour)
    if said:
        yield Condition(
            f"abuse:{entry.id}",
            Concern.ABUSE,
            entry.id,
            f"{entry.id} asked {said}.",
            f"`provision suspend {entry.id}` stops it, `provision resume {entry.id}` brings it back; "
            f"`provision key list {entry.id}` shows its programs.",
        )


def _block(context: Context, book: Book, condition: Condition, checked: Checked) -> None:
    """Suspend a client; its traffic is counted anew, so that `resume` is not taken back by the same hour."""
    try:
        suspend(context, condition.client_id, "blocked by itself: too many questions in an hour")
    except ProvisionError as error:
        checked.troubles.append(error)
        return
    book.forget_traffic(condition.client_id)
    checked.blocked.append(condition.client_id)


def _write_letters(context: Context, book: Book) -> None:
    for owed in book.owed(Way.MAIL):
        _letters(context, owed.document, f"alert:{owed.number}")
        book.paid(owed)


def _letters(context: Context, document: dict[str, str], key: str) -> None:
    written = write_letter(
        Kind.ALERT,
        mail.language_of(context),
        turn=document["turn"],
        problem=_in_one_line(document["problem"]),
        mend=_in_one_line(document["mend"]),
        since=document["since"],
        host=context.host.base_domain,
    )
    for address in context.host.alerts.email:
        letter = mail.letter_of(written, f"{key}:{address}", Kind.ALERT, document["client"], address)
        mail.keep(context, letter)


def _call(context: Context, book: Book, secret: SecretStr | None, checked: Checked) -> None:
    """Post what is owed in order, and stop at the first that is not taken."""
    now, url = context.clock.now(), context.host.alerts.webhook_url
    owed: list[Owed] = book.owed(Way.WEBHOOK) if url else []
    for one in owed:
        try:
            call(url, one.document, secret, now)
        except ProvisionError as error:
            checked.troubles.append(error)
            return
        book.paid(one)


def _webhook_secret(context: Context) -> SecretStr | None:
    file = context.host.alerts.webhook_secret_file
    if file is None:
        return None
    text = (read_text(file) or "").strip()
    if not text or "\n" in text:
        raise InvalidConfiguration(
            "alerts.webhook_secret_file",
            f"{file} does not hold one line.",
            "Put the webhook's secret in it, readable by root alone.",
        )
    return SecretStr(text)


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def told_as(turn: Turn) -> str:
    """Return how people are told of a turn."""
    return {Turn.OPENED: "new", Turn.CONTINUES: "still so", Turn.OVER: "over"}[turn]
