"""`provision option`, `charge` and `notice`: what is billed beside a plan, and until when."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import click

from provisioner.cli.amounts import Day, Euros, euros, shown
from provisioner.cli.commands import Command, Group
from provisioner.cli.output import listing, table
from provisioner.cli.session import Session, pass_session
from provisioner.invoicing.agreements import Notice
from provisioner.service import contracts as service
from provisioner.spec import AskedOption

_COLUMNS = ("code", "title", "quantity", "price")


@click.group(cls=Group)
def option() -> None:
    """What a client pays every month beside its plan.

    \b
    Example:
        provision option add dupont extra-key
    """


@option.command()
@click.argument("id_", metavar="ID")
@click.argument("code", metavar="OPTION")
@click.option(
    "--quantity", type=click.IntRange(min=1, max=1000), default=1, show_default=True, help="How many."
)
@click.option("--title", help="Of one agreed on with this client alone, as the invoice shows it.")
@click.option("--price", type=Euros(), help="Euros a month before tax. [default: that of plans.yaml]")
@pass_session
def add(
    session: Session, /, id_: str, code: str, quantity: int, title: str | None, price: Decimal | None
) -> None:
    """Bill a monthly option of plans.yaml from today on, or one agreed on with this client (title and price).

    `extra-key` also lets the client have one more API key each. JSON: as `option list`.

    \b
    Example:
        provision option add dupont extra-key --quantity 2
        provision option add dupont visites --title "Visite mensuelle sur site" --price 120
    """
    if price is not None and price < 0:
        raise click.UsageError("An option costs nothing or more; a discount is a lower price of the plan.")
    _show(
        session,
        service.add_option(
            session.context, id_, code, AskedOption(quantity=quantity, title=title, price=price)
        ),
    )


@option.command()
@click.argument("id_", metavar="ID")
@click.argument("code", metavar="OPTION")
@click.option("--quantity", type=click.IntRange(min=1), help="How many. [default: all of it]")
@pass_session
def remove(session: Session, /, id_: str, code: str, quantity: int | None) -> None:
    """Bill an option, or some of it, no longer from today on; the days before stay billed.

    An extra key that the client uses is not taken away: revoke one of its keys first. JSON: as `option list`.

    \b
    Example:
        provision option remove dupont extra-key --quantity 1
    """
    _show(session, service.remove_option(session.context, id_, code, quantity))


@option.command("list")
@click.argument("id_", metavar="ID")
@pass_session
def list_(session: Session, /, id_: str) -> None:
    """Show a client's options, its commitment and notice.

    JSON: {id, options: [{code, title, quantity, price}], committed_until, notice_days, notice_given_on,
    ends_on}. Prices in euros a month before tax; `ends_on` is the first day no longer billed, null while it
    goes on.

    \b
    Example:
        provision option list dupont
    """
    _show(session, service.contract(session.context, id_))


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.argument("code", metavar="[OPTION]", required=False)
@click.option("--units", type=click.IntRange(min=1), help="How many, of an option paid by the lot.")
@click.option("--title", help="What was agreed on with this client, as the invoice shows it.")
@click.option("--amount", type=Euros(), help="Euros before tax, with --title.")
@click.option("--on", type=Day(), help="The day it was done. [default: today]")
@pass_session
def charge(
    session: Session,
    /,
    id_: str,
    code: str | None,
    units: int | None,
    title: str | None,
    amount: Decimal | None,
    on: date | None,
) -> None:
    """Bill something once, on the next invoice: an option paid by the lot, or what a quote says.

    Each lot begun counts. JSON: {id, charge, title, detail, quantity, unit_price, net, on}.

    \b
    Example:
        provision charge dupont ingestion --units 23
        provision charge dupont --title "Formation sur site, devis D-2026-04" --amount 1200 --on 2026-01-20
    """
    by_lot, agreed = (code, units), (title, amount)
    if code is not None and units is not None and agreed == (None, None):
        made = service.charge_lots(session.context, id_, code, units, on)
    elif title is not None and amount is not None and by_lot == (None, None):
        if amount <= 0:
            raise click.UsageError("Charge more than nothing; `provision invoice credit` gives back.")
        made = service.charge_amount(session.context, id_, title, amount, on)
    else:
        raise click.UsageError("Give an OPTION with --units, or --title with --amount.")
    document = {
        "id": id_,
        "charge": made.id,
        "title": made.title,
        "detail": made.detail,
        "quantity": made.quantity,
        "unit_price": euros(made.unit_cents),
        "net": euros(made.quantity * made.unit_cents),
        "on": made.on.isoformat(),
    }
    session.output.result(document, lambda: f"{id_} will be billed {document['net']:.2f} € for {made.title}.")


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.option("--on", type=Day(), help="The day the client gave notice. [default: today]")
@click.option("--ends", type=Day(), help="The first day no longer billed, when another was agreed on.")
@click.option("--withdraw", is_flag=True, help="The client stays after all.")
@pass_session
def notice(session: Session, /, id_: str, on: date | None, ends: date | None, withdraw: bool) -> None:
    """Record that a client leaves, and show when its contract ends: after its notice and commitment.

    It is billed to that day, whenever it is removed. Removing a client without this gives notice that day;
    `--ends` lets it off afterwards, too.

    JSON: as `option list`.

    \b
    Example:
        provision notice dupont --on 2026-01-12
        provision notice dupont --ends 2026-02-01
        provision notice dupont --withdraw
    """
    if withdraw and (on or ends):
        raise click.UsageError("--withdraw takes no day.")
    given = None if withdraw else Notice(given_on=on or service.today(session.context), ends_on=ends)
    _show(session, service.give_notice(session.context, id_, given))


def _show(session: Session, contract: service.Contract) -> None:
    options = [
        {"code": one.code, "title": one.title, "quantity": one.quantity, "price": euros(one.price_cents)}
        for one in contract.options
    ]
    document: dict[str, Any] = {
        "id": contract.client_id,
        "options": options,
        "committed_until": _text(contract.committed_until),
        "notice_days": contract.notice_days,
        "notice_given_on": _text(contract.notice_given_on),
        "ends_on": _text(contract.ends_on),
    }
    facts = listing({key: value for key, value in document.items() if key != "options"})
    session.output.result(
        document,
        lambda: "\n".join(
            part for part in (facts, options and table([shown(one) for one in options], _COLUMNS)) if part
        ),
    )


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
