"""`provision rotate`."""

from __future__ import annotations

import click

from provisioner.cli.commands import Command
from provisioner.cli.session import Session, pass_session
from provisioner.clock import stamp
from provisioner.service import rotation as service


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.option("--at-once", is_flag=True, help="Accept the old key no longer: everybody signs in again.")
@pass_session
def rotate(session: Session, /, id_: str, at_once: bool) -> None:
    """Give a client a fresh key for its tokens and cookies, and the operator a fresh one for it.

    Sessions and tokens go on: what the old key signed is accepted for 12 hours more. When somebody may have
    seen a key, `--at-once`. API keys stay (`provision key`); another provider key is `provision apply`.

    \b
    Example:
        provision rotate dupont
        provision rotate dupont --at-once
    """
    until = service.rotate(session.context, id_, at_once=at_once)
    document = {"id": id_, "former_key_until": stamp(until) if until else None}
    told = f"the one before is accepted until {stamp(until)}" if until else "everybody signs in again"
    session.output.result(document, lambda: f"{id_} has fresh keys; {told}.")
