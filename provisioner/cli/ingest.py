"""`provision ingest`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from provisioner.cli.commands import Command
from provisioner.cli.session import Session, pass_session
from provisioner.service import ingest as service


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@pass_session
def ingest(session: Session, /, id_: str, paths: tuple[Path, ...]) -> int:
    """Give documents to a running client and wait until they are indexed.

    A folder stands for the files in it, at any depth, a ZIP archive for those it holds. The same content
    again is taken once, so an interrupted ingest is simply run again. Exit code 1 when some document could
    not be indexed; the others are.

    \b
    Example:
        provision ingest dupont ~/documents contrat.pdf
    """
    outcomes = give(session, id_, paths)
    document = {"id": id_, "documents": [asdict(outcome) for outcome in outcomes]}
    session.output.result(document, lambda: "\n".join(told(outcomes)))
    return 1 if unread(outcomes) else 0


def give(session: Session, tenant_id: str, paths: Sequence[Path]) -> list[service.Outcome]:
    """Ingest with a progress bar, and return what became of each document."""
    with click.progressbar(length=0, label="Indexing", file=sys.stderr) as bar:

        def begin(files: int) -> None:
            bar.length = files

        return service.ingest(
            session.context, tenant_id, paths, begin=begin, progress=lambda _outcome: bar.update(1)
        )


def unread(outcomes: Sequence[service.Outcome]) -> list[service.Outcome]:
    """Return those that are not indexed."""
    return [outcome for outcome in outcomes if outcome.status != "indexed"]


def told(outcomes: Sequence[service.Outcome]) -> list[str]:
    """Return what people are told of an ingest, line by line."""
    left = unread(outcomes)
    lines = [f"{len(outcomes) - len(left)} of {len(outcomes)} documents are indexed."]
    return lines + [f"{outcome.status}: {outcome.file}: {outcome.error}" for outcome in left]
