"""`provision mail`."""

from __future__ import annotations

from typing import Any, Final

import click

from provisioner.cli.commands import Group
from provisioner.cli.output import error_document, listing, table
from provisioner.cli.session import Session, pass_session
from provisioner.mail.spool import Entry
from provisioner.render.letters import LANGUAGES, Language
from provisioner.service import due_letters, outboxes
from provisioner.service import mail as service
from provisioner.service import welcome as welcomes

FAILED: Final = 1
_COLUMNS = ("number", "kind", "client", "to", "state", "written_at", "ended_at", "trouble")


@click.group(cls=Group)
def mail() -> None:
    """Letters to clients: what waits, what was sent, what was refused.

    Letters wait on this host until the mail server of host.yaml (smtp_url) has taken them. What opens an
    account is in them as a link that is good once; once a letter is sent, its text is erased here.

    \b
    Example:
        provision mail test you@example.fr
        provision mail list
    """


@mail.command()
@pass_session
def send(session: Session, /) -> int:
    """Write today's letters, collect what clients want sent, and have the mail server take what is due.

    The host does so by itself every minute (systemd driver); with the local driver, have cron do it. Monthly
    reports, reminders of invoices and the end of trials are each written once.

    \b
    Example:
        provision mail send
    """
    context = session.context
    service.sender(context)
    spool = service.spool_of(context)
    troubles = due_letters.write_due(context, spool)
    discarded = outboxes.collect(context, spool)
    outcome = service.deliver(context)
    if outcome.trouble:
        troubles.append(outcome.trouble)
    for error in troubles:
        session.output.trouble("mail", error)
    document = {
        "sent": [_row(one) for one in outcome.sent],
        "postponed": [_row(one) for one in outcome.postponed],
        "refused": [_row(one) for one in outcome.refused],
        "discarded": [{"client": one.client_id, "name": one.name, "reason": one.reason} for one in discarded],
        "troubles": [error_document(error) for error in troubles],
    }
    session.output.result(document, lambda: _told(document))
    return FAILED if troubles or outcome.refused or discarded else 0


@mail.command(name="list")
@click.argument("id_", metavar="[ID]", required=False)
@pass_session
def list_(session: Session, /, id_: str | None) -> None:
    """List the letters of one client, or all, the oldest first.

    \b
    Example:
        provision mail list dupont
    """
    rows = [_row(one) for one in service.spool_of(session.context).all() if id_ in (None, one.client_id)]
    session.output.result(rows, lambda: table(rows, _COLUMNS) if rows else "There is no letter.")


@mail.command()
@click.argument("number", type=int, metavar="NUMBER")
@pass_session
def show(session: Session, /, number: int) -> None:
    """Show one letter with its text, as long as it has one: it may hold links that open an account.

    \b
    Example:
        provision mail show 12
    """
    entry = service.spool_of(session.context).get(number)
    text = entry.text.get_secret_value() if entry.text else None
    document = {**_row(entry), "subject": entry.subject, "text": text}
    session.output.result(
        document, lambda: f"{listing({**_row(entry), 'subject': entry.subject})}\n\n{text or '(erased)'}"
    )


@mail.command()
@click.argument("number", type=int, metavar="NUMBER")
@pass_session
def retry(session: Session, /, number: int) -> None:
    """Have a letter that waits or was refused sent again with the next ones.

    \b
    Example:
        provision mail retry 12
    """
    spool = service.spool_of(session.context)
    spool.retry(number)
    session.output.result(_row(spool.get(number)), lambda: f"Letter {number} is due again.")


@mail.command()
@click.argument("address", metavar="ADDRESS")
@pass_session
def test(session: Session, /, address: str) -> None:
    """Send somebody a letter that says nothing, now, to see whether mail goes out.

    \b
    Example:
        provision mail test you@example.fr
    """
    entry = service.send_trial(session.context, address)
    session.output.result(_row(entry), lambda: f"The mail server has taken the letter to {address}.")


@mail.command()
@click.argument("id_", metavar="ID")
@click.option("--to", metavar="EMAIL", help="Whom to write to. [default: the first administrator]")
@click.option("--language", type=click.Choice(LANGUAGES), help="[default: language_default of host.yaml]")
@click.option("--with-key", is_flag=True, help="Put in a link to a new first API key; the present one ends.")
@pass_session
def welcome(session: Session, /, id_: str, to: str | None, language: Language | None, with_key: bool) -> int:
    """Write a client the welcome letter again, with new links; those of an earlier letter end.

    \b
    Example:
        provision mail welcome dupont --language en
    """
    letter = welcomes.welcome(session.context, id_, to, language, with_key=with_key)
    if letter.trouble:
        session.output.trouble("mail", letter.trouble)
    session.output.result(welcome_document(letter), lambda: welcome_text(letter))
    return FAILED if letter.trouble else 0


def welcome_document(letter: welcomes.Welcome) -> dict[str, object]:
    """A welcome letter as JSON."""
    return {"letter": letter.number, "to": letter.recipient, "sent": letter.sent}


def welcome_text(letter: welcomes.Welcome) -> str:
    """The same for people."""
    if letter.sent:
        return f"The welcome letter to {letter.recipient} is sent."
    return (
        f"The welcome letter to {letter.recipient} waits: `provision mail show {letter.number}` shows it, "
        "`provision mail send` sends it."
    )


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "kind": entry.kind,
        "client": entry.client_id,
        "to": entry.recipient,
        "state": entry.state.value,
        "written_at": entry.written_at,
        "ended_at": entry.ended_at,
        "trouble": entry.trouble,
    }


def _told(document: dict[str, list[Any]]) -> str:
    shown = [f"{len(document[name])} {name}" for name in ("sent", "postponed", "refused", "discarded")]
    return ", ".join(shown) + "."
