"""What is to be written today without anybody asking: monthly reports, reminders, the end of trials.

Each letter is written once, whoever asks for it however often: its key names the month, the invoice and its
level, or the trial's end.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from provisioner.errors import ProvisionError
from provisioner.invoicing.months import Month, add_months, civil_day
from provisioner.mail.letter import Kind, Letter
from provisioner.mail.spool import Spool
from provisioner.registry.models import State
from provisioner.registry.registry import Entry
from provisioner.render.client_package import address
from provisioner.render.letters import Language, count, day, money, month, write_letter
from provisioner.service import mail
from provisioner.service.context import Context
from provisioner.service.invoices import reminders
from provisioner.service.reports import export_of
from provisioner.service.tenants import spec_of
from provisioner.service.welcome import address_of
from provisioner.usage_files import UsageRecord

REPORTED_FOR_DAYS: Final = 10
"""How long after its end a month is reported: a host whose mail begins in June does not report January."""
TOLD_BEFORE: Final = (7, 1, 0)
"""Days before a trial's last day on which its client is told."""
_SERVED: Final = (State.RUNNING, State.STOPPED)


def write_due(context: Context, spool: Spool) -> list[ProvisionError]:
    """Put today's letters into the spool; return what could not be written, each with its mend."""
    troubles: list[ProvisionError] = []
    entries = [entry for entry in context.registry.all() if entry.state in _SERVED]
    for entry in entries:
        try:
            for letter in (*_report(context, spool, entry), *_expiry(context, entry)):
                spool.add(letter)
        except ProvisionError as error:
            troubles.append(ProvisionError(f"{entry.id}: {error.message}", error.mend))
    for letter in _reminders(context):
        spool.add(letter)
    return troubles


def last_month(today: date) -> Month:
    """Return the month before the one a day is in."""
    before = add_months(today.replace(day=1), -1)
    return Month(before.year, before.month)


def _report(context: Context, spool: Spool, entry: Entry) -> Iterator[Letter]:
    now = context.clock.now()
    past = last_month(civil_day(now))
    key = f"report:{entry.id}:{past}"
    to = address_of(entry.request)
    spec = spec_of(context, entry.request, entry.port)
    if to is None or not spec.terms.monthly_report or not past.is_over(now) or spool.has(key):
        return
    if civil_day(now).day > REPORTED_FOR_DAYS or civil_day(entry.created_at) >= past.end:
        return
    export = export_of(context, entry, str(past))
    if export is None:
        return
    language = mail.language_of(context)
    written = write_letter(
        Kind.REPORT,
        language,
        client=spec.name,
        month=month(past.first, language),
        figures=figures(export.record, language),
        address=address(spec, context.host),
        vendor=mail.signature(context)["vendor"],
    )
    yield mail.letter_of(written, key, Kind.REPORT, entry.id, to)


def figures(record: UsageRecord, language: Language) -> dict[str, str]:
    """Return a month's figures as a report shows them."""
    french = language == "fr"

    def of(used: int, limit: int | None) -> str:
        if limit is None:
            return count(used, language) + (" (illimité)" if french else " (unlimited)")
        return f"{count(used, language)} {'sur' if french else 'of'} {count(limit, language)}"

    names = _NAMES[language]
    shown = {
        names[0]: of(record.requests_used, record.requests_limit),
        names[1]: of(record.analyses_used, record.analyses_limit),
        names[2]: of(record.users_active, record.users_limit),
        names[3]: count(record.documents, language),
    }
    if record.overage_fees:
        shown[names[4]] = money(int(record.overage_fees * 100), language)
    return shown


_NAMES: Final[dict[Language, tuple[str, ...]]] = {
    "fr": ("Questions", "Analyses", "Utilisateurs actifs", "Documents", "Dépassement"),
    "en": ("Questions", "Analyses", "Active users", "Documents", "Overage"),
}


def _expiry(context: Context, entry: Entry) -> Iterator[Letter]:
    spec, today = spec_of(context, entry.request, entry.port), civil_day(context.clock.now())
    to = address_of(entry.request)
    if to is None or spec.expires_on is None:
        return
    left = (spec.expires_on - today).days
    told = min((days for days in TOLD_BEFORE if 0 <= left <= days), default=None)
    if told is None or (told == max(TOLD_BEFORE) and civil_day(entry.created_at) == today):
        return
    language = mail.language_of(context)
    written = write_letter(
        Kind.EXPIRY,
        language,
        client=spec.name,
        days=left,
        expires_on=day(spec.expires_on, language),
        **mail.signature(context),
    )
    yield mail.letter_of(written, f"expiry:{entry.id}:{spec.expires_on}:{told}", Kind.EXPIRY, entry.id, to)


def _reminders(context: Context) -> Iterator[Letter]:
    language, vendor = mail.language_of(context), context.host.vendor
    for one in reminders(context):
        if not one.email:
            continue
        written = write_letter(
            Kind.REMINDER,
            language,
            level=one.level,
            number=one.number,
            due_on=day(one.due_on, language),
            days_late=one.days_late,
            balance=money(one.balance, language),
            iban=vendor.iban,
            **mail.signature(context),
        )
        key = f"reminder:{one.number}:{one.level}"
        yield mail.letter_of(written, key, Kind.REMINDER, one.client_id, one.email)
