"""`provision ingest`."""

from __future__ import annotations

import sys
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
    with click.progressbar(length=0, label="Indexing", file=sys.stderr) as bar:

        def begin(files: int) -> None:
            bar.length = files

        outcomes = service.ingest(
            session.context, id_, paths, begin=begin, progress=lambda _outcome: bar.update(1)
        )
    unread = [outcome for outcome in outcomes if outcome.status != "indexed"]
    lines = [f"{len(outcomes) - len(unread)} of {len(outcomes)} documents are indexed."]
    lines += [f"{outcome.status}: {outcome.file}: {outcome.error}" for outcome in unread]
    session.output.result(
        {"id": id_, "documents": [asdict(outcome) for outcome in outcomes]}, lambda: "\n".join(lines)
    )
    return 1 if unread else 0
