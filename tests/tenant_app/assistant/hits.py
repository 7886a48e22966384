"""Passages found, for tests that need no search."""

from tenant_app.retrieval.search import Hit


def a_hit(
    passage: str = "Le délai est de deux mois.",
    *,
    chunk_id: int = 1,
    document: str = "note.txt",
    heading: str = "",
    score: float = 1.0,
    dense: float = 0.0,
) -> Hit:
    """Return a passage of the first page of a document."""
    return Hit(
        chunk_id=chunk_id,
        document_id=1,
        document=document,
        page=1,
        heading=heading,
        passage=passage,
        score=score,
        lexical=0.0,
        dense=dense,
    )
