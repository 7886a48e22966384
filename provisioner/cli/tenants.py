"""`provision list`, `show` and `status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from provisioner.cli.commands import Command
from provisioner.cli.output import listing as lay_out
from provisioner.cli.output import table
from provisioner.cli.session import Session, pass_session
from provisioner.service import listing as service

_COLUMNS = ("id", "name", "plan", "port", "url", "state", "health")
_CHANGING = ("model_change",)


@click.command("list", cls=Command)
@pass_session
def list_(session: Session) -> None:
    """Show every client: plan, port, address, state and health.

    \b
    Example:
        provision list
        provision --json list
    """
    _show(session, service.rows(session.context))


@click.command(cls=Command)
@click.argument("id_", metavar="[ID]", required=False)
@pass_session
def status(session: Session, id_: str | None) -> None:
    """Show how one client is now, or all of them; also how far a change of the embedding model is.

    \b
    Example:
        provision status dupont
    """
    if id_ is None:
        _show(session, service.rows(session.context), *_CHANGING)
        return
    row = asdict(service.row(session.context, id_))
    session.output.result(row, lambda: lay_out(_told(row)))


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@pass_session
def show(session: Session, id_: str) -> None:
    """Show everything about one client, and what this host promises it.

    \b
    Example:
        provision show dupont
    """
    card = service.card(session.context, id_)
    facts = {**asdict(card.row), **card.facts()}
    dates = {"created_at": card.entry.created_at, "updated_at": card.entry.updated_at}
    promises = [asdict(promise) for promise in card.promises]
    document = {**facts, **dates, "promises": promises, "notices": list(card.notices)}

    def text() -> str:
        kept = (f"  {'yes' if one.kept else 'no ':3}  {one.sentence}" for one in card.promises)
        notices = (f"WARNING: {notice}" for notice in card.notices)
        return "\n".join((lay_out(_told({**facts, **dates})), "", "What this host gives:", *kept, *notices))

    session.output.result(document, text)


def _show(session: Session, rows: list[service.Row], *when_any: str) -> None:
    """Show a table of clients, with the columns `when_any` where one of them has something to say."""
    documents = [asdict(row) for row in rows]
    columns = (*_COLUMNS, *(name for name in when_any if any(one[name] for one in documents)))
    empty = "No client yet. `provision new ID --plan PLAN` makes one."
    session.output.result(documents, lambda: table(list(map(_told, documents)), columns) if rows else empty)


def _told(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Say in words how far a change of the embedding model is."""
    change = facts["model_change"]
    return {**facts, "model_change": f"{change['done']} of {change['total']} passages" if change else None}
