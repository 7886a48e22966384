"""`python -m embedding_server`: options, logging and exit codes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import structlog

from embedding_server.errors import StartError
from embedding_server.logs import configure_logging
from embedding_server.models import DEFAULT_MODEL
from embedding_server.server import serve


@click.command()
@click.option(
    "--socket",
    "socket_path",
    required=True,
    type=click.Path(path_type=Path),
    help="Where to listen; its folder must exist.",
)
@click.option("--model", default=DEFAULT_MODEL, show_default=True, help="Name or folder of the model.")
@click.option(
    "--also",
    "others",
    multiple=True,
    help="A further model, loaded when first asked for: one whose vectors are still searched.",
)
@click.option(
    "--rerank-model",
    help="Name or folder of a cross-encoder for /v1/rerank, loaded when first asked for; by default none.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=lambda: os.cpu_count() or 1,
    show_default="the machine's cores",
    help="CPU threads for the model.",
)
@click.option("--group", help="Group that may use the socket (mode 0660); by default our own.")
def main(
    socket_path: Path,
    model: str,
    others: tuple[str, ...],
    rerank_model: str | None,
    threads: int,
    group: str | None,
) -> None:
    """Serve embeddings in OpenAI's /v1/embeddings shape on a unix socket.

    \b
    Example:
      python -m embedding_server --socket run/embeddings/embeddings.sock --group tenantry-embed
    """
    configure_logging()
    log = structlog.get_logger("embedding_server")
    try:
        serve(
            socket_path,
            model=model,
            others=others,
            rerank_model=rerank_model,
            threads=threads,
            group=group,
        )
    except StartError as error:
        log.error("cannot_start", reason=str(error))
        sys.exit(error.exit_code)


main()
