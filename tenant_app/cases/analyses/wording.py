"""What the codes of points, notices, steps and kinds mean, in the reader's language."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext, lazy_gettext, ngettext

from tenant_app.assistant.answers import NOTICES
from tenant_app.cases.analyses.checklists import PIECES
from tenant_app.cases.analyses.content import Point, PointKind
from tenant_app.cases.models import Analysis
from tenant_app.errors import Text

KIND_TITLES: Final[Mapping[PointKind, Text]] = {
    "facts": lazy_gettext("Faits"),
    "issues": lazy_gettext("Questions posées"),
    "texts": lazy_gettext("Textes applicables"),
    "claims": lazy_gettext("Ce que soutiennent les parties"),
    "arguments_for": lazy_gettext("Arguments favorables"),
    "arguments_against": lazy_gettext("Arguments contraires"),
    "risks": lazy_gettext("Risques"),
    "deadlines": lazy_gettext("Délais relevés dans les documents"),
    "missing": lazy_gettext("Pièces qui semblent manquer"),
    "next_steps": lazy_gettext("Suites à donner"),
}
STEPS: Final[Mapping[str, Text]] = {
    "waiting": lazy_gettext("En attente de son tour…"),
    "reading": lazy_gettext("Lecture des documents du dossier…"),
    "searching": lazy_gettext("Recherche dans les textes du cabinet…"),
    "writing": lazy_gettext("Rédaction par l'assistant IA…"),
    "extracting": lazy_gettext("Relevé dans les documents…"),
    "done": lazy_gettext("Analyse terminée."),
}
_OWN_NOTICES: Final[Mapping[str, Text]] = {
    "unread-documents": lazy_gettext("Des documents du dossier n'étaient pas encore lus."),
    "cut": lazy_gettext("Le dossier est très long : seules ses 500 premières pages environ ont été lues."),
    "nothing-to-read": lazy_gettext("Le dossier n'a aucun document lisible : rien n'a pu être rédigé."),
    "budget-spent": lazy_gettext(
        "Le budget du mois pour le service d'IA est épuisé. L'analyse est relevée dans les documents."
    ),
    "malformed": lazy_gettext(
        "La réponse du service d'IA n'avait pas la forme demandée. L'analyse est relevée dans les documents."
    ),
    "unsupported-points": lazy_gettext(
        "Des points ne reposent sur aucun passage vérifié ; ils sont signalés."
    ),
}
_EXTRACTED: Final = lazy_gettext(
    "Analyse relevée dans les documents, sans rédaction : chaque point reprend leurs mots."
)


def notice_text(code: str) -> str:
    """Return what a notice says."""
    if code in _OWN_NOTICES:
        return str(_OWN_NOTICES[code])
    if code.startswith("provider-"):
        return f"{_reason(code)} {_EXTRACTED}".strip()
    return str(NOTICES[code])


def _reason(code: str) -> str:
    reasons = {
        "provider-not-configured": "",
        "provider-paused": gettext("Le service d'IA est en panne."),
        "provider-timeout": gettext("Le service d'IA n'a pas répondu à temps."),
        "provider-rate-limited": gettext("Le service d'IA est saturé."),
        "provider-refused": gettext("Le service d'IA a refusé l'accès."),
        "provider-cut": gettext("Le service d'IA s'est interrompu."),
        "provider-empty": gettext("Le service d'IA n'a rien répondu."),
    }
    return str(reasons.get(code, gettext("Le service d'IA n'a pas pu être utilisé.")))


def point_text(point: Point) -> str:
    """Return what a point says."""
    values = point.values
    match point.code:
        case "missing-piece":
            return str(PIECES[str(values["piece"])].label)
        case "unread":
            return str(
                gettext("le texte de « %(document)s », qui n'a pas pu être lu", document=values["document"])
            )
        case "overdue":
            return str(gettext("Échéance dépassée : %(title)s", title=values["title"]))
        case "upcoming":
            return str(gettext("Échéance à venir : %(title)s", title=values["title"]))
        case "ask-for-pieces":
            count = int(values["count"])
            return str(
                ngettext(
                    "Demander la pièce qui semble manquer.",
                    "Demander les %(num)s pièces qui semblent manquer.",
                    count,
                )
            )
        case _:
            return point.text


def summary_text(analysis: Analysis) -> str:
    """Return an analysis' summary; one drawn from documents is summed up by what was found."""
    if analysis.summary or analysis.status != "done":
        return analysis.summary
    kinds = [point["kind"] for point in analysis.points]
    documents = len({citation.document_id for citation in analysis.citations})
    found = (
        ngettext("%(num)s fait daté ou chiffré", "%(num)s faits datés ou chiffrés", kinds.count("facts")),
        ngettext("%(num)s texte", "%(num)s textes", kinds.count("texts")),
        ngettext("%(num)s délai", "%(num)s délais", kinds.count("deadlines")),
    )
    return str(
        gettext(
            "Relevé automatique : %(found)s ; %(documents)s. Rien n'est rédigé ni interprété.",
            found=", ".join(map(str, found)),
            documents=ngettext("%(num)s document cité", "%(num)s documents cités", documents),
        )
    )


def confidence_words(confidence: float, threshold: float) -> str:
    """Return in words what the confidence means for somebody who is about to rely on the analysis."""
    if confidence >= threshold:
        return str(gettext("Élevée : la recherche a très probablement trouvé les bons passages."))
    if confidence >= threshold / 2:
        return str(gettext("Moyenne : une partie des bons passages manque peut-être. Vérifiez avant d'agir."))
    return str(gettext("Faible : les documents répondent peu à ce dossier. À vérifier entièrement."))
