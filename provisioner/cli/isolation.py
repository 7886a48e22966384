"""`provision prove-isolation`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from provisioner.cli.commands import Command
from provisioner.cli.convergence import FOUND
from provisioner.cli.output import table
from provisioner.cli.session import Session, pass_session
from provisioner.filesystem import RenderedFile, write_file
from provisioner.isolation.judgement import Result, Verdict
from provisioner.isolation.proof import Proof
from provisioner.isolation.report import html, markdown
from provisioner.service import isolation as service

_COLUMNS = ("from", "to", "route", "place", "tried", "result")
_HTML = (".html", ".htm")


@click.command("prove-isolation", cls=Command)
@click.argument("ids", metavar="[ID]…", nargs=-1)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a report for the client here; `.html` is HTML, anything else Markdown.",
)
@click.option(
    "--all-pairs", is_flag=True, help=f"From all others, instead of {service.OTHERS} chosen at random."
)
@pass_session
def prove_isolation(session: Session, /, ids: tuple[str, ...], report: Path | None, all_pairs: bool) -> int:
    """Try to reach clients from inside others, and say which walls held; exit code 3 when one is open.

    A canary (a document with random words, an account, a key) is planted in each client that takes part, and
    removed again whatever happens. It is sought from inside the other clients' real walls: files, processes,
    ports, sockets and networks; then with their tokens, keys and cookies, by forged host names, and in their
    own search and answers. Each client first finds its own: otherwise finding nothing would show nothing.

    Without an ID every client that runs is tried; sleeping ones are left alone unless named. The report names
    one client when exactly one is named, and never another.

    \b
    Example:
        provision prove-isolation
        provision prove-isolation dupont --report dupont-isolation.html
    """
    proof = service.prove(session.context, ids, all_pairs=all_pairs)
    if report is not None:
        text = html(proof) if report.suffix.lower() in _HTML else markdown(proof)
        write_file(RenderedFile(report.absolute(), text, 0o600))
    session.output.result(_document(proof), lambda: "\n".join(_told(proof)))
    if proof.having(Verdict.OPEN):
        return FOUND
    return 0 if proof.held else 1


def _document(proof: Proof) -> dict[str, object]:
    return {
        "held": proof.held,
        "at": proof.at,
        "version": proof.version,
        "driver": proof.driver,
        "clients": proof.clients,
        "asleep": proof.asleep,
        "pairs": [asdict(pair) for pair in proof.pairs],
        "all_pairs": proof.all_pairs,
        "results": [asdict(one) for one in proof.results],
    }


def _told(proof: Proof) -> Iterator[str]:
    rows = [
        {
            "from": one.attacker,
            "to": one.victim or "(host)",
            "route": one.route,
            "place": one.standpoint,
            "tried": one.tried,
            "result": one.verdict,
        }
        for one in proof.results
    ]
    yield table(rows, _COLUMNS)
    yield ""
    yield f"{proof.summary()}."
    if not proof.all_pairs:
        others = f"{service.OTHERS} of {proof.clients - 1} others"
        yield f"Each client was tried from {others}, chosen at random; `--all-pairs` tries all."
    if proof.asleep:
        yield f"{proof.asleep} sleeping clients were left alone; name one to include it."
    for one in proof.having(Verdict.NOT_PROMISED):
        yield f"Not promised by the {proof.driver} driver: {_shown(one)}"
    yield from (f"UNPROVEN {_shown(one)}" for one in proof.having(Verdict.UNPROVEN))
    yield from (f"OPEN {_shown(one)}\n  → {one.mend}" for one in proof.having(Verdict.OPEN))
    yield "Every wall held." if proof.held else "Not every wall is shown to hold."


def _shown(one: Result) -> str:
    return f"{one.route}, {one.attacker} → {one.victim or 'host'}: {one.detail}"
