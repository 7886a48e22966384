"""What a case of each trade usually holds: compared with its documents, it tells what seems to be missing.

A piece counts as there when a document's name or beginning speaks of it. That is a hint, not a proof, and the
pages say so.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_gettext

from tenant_app.errors import Text
from tenant_app.retrieval.analysis import fold

BEGINNING: Final = 1_500
"""Characters of a document that are looked at beside its name."""


@dataclass(frozen=True)
class Piece:
    """A kind of document; ``signs`` are words of which one stands in such a document, without accents."""

    code: str
    label: Text
    signs: str


_CONTRACT: Final = Piece(
    "contract",
    lazy_gettext("le contrat ou l'acte dont il est question"),
    r"contrat|bail\b|convention (?!d.honoraires)|accord\b|agreement|lease|contract",
)
_LETTERS: Final = Piece(
    "letters",
    lazy_gettext("les échanges avec la partie adverse"),
    r"lettre|courrier|courriel|e-?mail|recommande|letter",
)

CHECKLISTS: Final[Mapping[str, tuple[Piece, ...]]] = {
    "legal": (
        Piece(
            "engagement",
            lazy_gettext("la convention d'honoraires ou le mandat"),
            r"convention d.honoraires|lettre de mission|mandat\b|engagement letter|retainer",
        ),
        Piece(
            "identity",
            lazy_gettext("une pièce d'identité du client, ou l'extrait Kbis d'une société"),
            r"carte (?:nationale )?d.identite|passeport|titre de sejour|kbis|passport|identity card",
        ),
        _CONTRACT,
        Piece(
            "decision",
            lazy_gettext("la décision, le congé ou l'acte contesté"),
            r"decision|arrete\b|jugement|ordonnance|assignation|conge\b|licenciement|refus\b|oqtf"
            r"|mise en demeure|decision|judgment|notice",
        ),
        _LETTERS,
        Piece(
            "delivery",
            lazy_gettext("la preuve de la date de notification (accusé de réception, signification)"),
            r"accuse de reception|avis de reception|recommande|lrar|signification|proof of delivery",
        ),
        Piece(
            "evidence",
            lazy_gettext("des justificatifs : factures, relevés, attestations, constats"),
            r"facture|attestation|releve|quittance|constat|temoignage|photographie|bulletin|invoice|statement",
        ),
    ),
    "it-support": (
        Piece(
            "incident",
            lazy_gettext("la description de l'incident ou le ticket"),
            r"incident|ticket|panne|anomalie|outage",
        ),
        Piece(
            "traces",
            lazy_gettext("les messages d'erreur, journaux ou captures d'écran"),
            r"journal|log\b|erreur|capture|error|screenshot",
        ),
        Piece(
            "inventory",
            lazy_gettext("la fiche de l'équipement ou l'inventaire"),
            r"inventaire|fiche|configuration|numero de serie|inventory|serial",
        ),
        Piece(
            "maintenance",
            lazy_gettext("le contrat de maintenance ou de service"),
            r"maintenance|contrat|sla\b|niveau de service|agreement",
        ),
        Piece(
            "procedure",
            lazy_gettext("la procédure applicable"),
            r"procedure|mode operatoire|guide|manuel|manual|runbook",
        ),
    ),
}
OTHERWISE: Final = (_CONTRACT, _LETTERS)
"""For a trade without a list of its own."""

PIECES: Final[Mapping[str, Piece]] = {
    piece.code: piece for pieces in (*CHECKLISTS.values(), OTHERWISE) for piece in pieces
}


def missing_pieces(assistant: str, documents: Iterable[str]) -> list[Piece]:
    """Return the pieces none of the documents seems to be; each document is its name and its beginning."""
    beginnings = [fold(document).lower() for document in documents]
    return [
        piece
        for piece in CHECKLISTS.get(assistant, OTHERWISE)
        if not any(re.search(rf"\b(?:{piece.signs})", beginning) for beginning in beginnings)
    ]
