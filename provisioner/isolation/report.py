"""A proof told to a client, in French and then in English: what was tried, from where, with which result.

It holds no secret, no path and no name of a client but its own: others are "another client".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from provisioner.isolation.attempts import Standpoint
from provisioner.isolation.judgement import Result, Verdict
from provisioner.isolation.proof import Proof
from provisioner.isolation.routes import ROUTES, Route

_WORST_FIRST: Final = (
    Verdict.OPEN,
    Verdict.UNPROVEN,
    Verdict.NOT_PROMISED,
    Verdict.HELD,
    Verdict.NOTHING_THERE,
)


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language; what stands in braces is filled in."""

    title: str
    about: str
    everybody: str
    made: str
    how: str
    sampled: str
    control: str
    columns: tuple[str, str, str, str]
    places: Mapping[Standpoint, str]
    verdicts: Mapping[Verdict, str]
    held: str
    open: str
    unproven: str
    not_promised: str
    sought: Callable[[Route], str]


FRENCH: Final = Language(
    title="Preuve d'isolation entre clients",
    about="Client : {subject}",
    everybody="Clients : tous ceux qui étaient en service sur cet hôte",
    made="Établie le {day} à {time} (UTC){by}, Tenantry {version}, pilote « {driver} ».",
    how=(
        "Des mots tirés au hasard, un compte et une clé ont été déposés dans chaque client concerné, puis "
        "recherchés depuis l'intérieur d'un autre client, derrière ses propres murs, et avec ses propres "
        "jetons, clés et cookies. Tout ce qui avait été déposé a été retiré. "
        "{pairs} couples de clients ont été essayés, parmi {clients} clients en service."
    ),
    sampled="Chaque client a été essayé depuis quelques autres, choisis au hasard à chaque preuve.",
    control=(
        "Chaque client a d'abord retrouvé ses propres mots témoins, par les mêmes moyens : "
        "qu'un autre client ne les trouve pas a donc un sens."
    ),
    columns=("Ce qu'un autre client a cherché à atteindre", "D'où", "Essais", "Résultat"),
    places={
        "walls": "de l'intérieur de l'autre client",
        "user": "avec les seuls droits de son utilisateur système",
        "door": "par l'entrée commune",
    },
    verdicts={
        Verdict.HELD: "inaccessible",
        Verdict.OPEN: "ACCESSIBLE",
        Verdict.NOT_PROMISED: "accessible (non promis par ce pilote)",
        Verdict.NOTHING_THERE: "rien à atteindre",
        Verdict.UNPROVEN: "non démontré",
    },
    held="Conclusion : toutes les barrières promises ont tenu.",
    open="Conclusion : une barrière au moins est ouverte.",
    unproven="Conclusion : une barrière au moins n'a pas pu être éprouvée.",
    not_promised=(
        "Ce pilote ne promet pas toutes les barrières : celles qu'il ne promet pas sont indiquées telles "
        "quelles."
    ),
    sought=lambda route: route.fr,
)
ENGLISH: Final = Language(
    title="Proof of isolation between clients",
    about="Client: {subject}",
    everybody="Clients: all that were in service on this host",
    made="Made on {day} at {time} (UTC){by}, Tenantry {version}, driver “{driver}”.",
    how=(
        "Random words, an account and a key were planted in each client concerned, then sought from inside "
        "another client, behind its own walls, and with its own tokens, keys and cookies. Everything planted "
        "was removed. {pairs} pairs of clients were tried, of {clients} clients in service."
    ),
    sampled="Each client was tried from some others, chosen anew at random for each proof.",
    control=(
        "Each client first found its own words, by the same means: that another client does not find them "
        "means something."
    ),
    columns=("What another client tried to reach", "From where", "Attempts", "Result"),
    places={
        "walls": "from inside the other client",
        "user": "with the rights of its system user alone",
        "door": "through the common entrance",
    },
    verdicts={
        Verdict.HELD: "out of reach",
        Verdict.OPEN: "REACHED",
        Verdict.NOT_PROMISED: "reached (not promised by this driver)",
        Verdict.NOTHING_THERE: "nothing to reach",
        Verdict.UNPROVEN: "not shown",
    },
    held="Conclusion: every wall promised held.",
    open="Conclusion: at least one wall is open.",
    unproven="Conclusion: at least one wall could not be tried.",
    not_promised="This driver does not promise every wall: those it does not promise are told as they are.",
    sought=lambda route: route.en,
)
LANGUAGES: Final = (FRENCH, ENGLISH)

Row = tuple[str, str, str, str]


def markdown(proof: Proof) -> str:
    """Return the report as Markdown."""
    return "\n".join(line for words in LANGUAGES for line in _markdown(proof, words))


def html(proof: Proof) -> str:
    """Return the report as one HTML page that fetches nothing."""
    parts = "\n".join(line for words in LANGUAGES for line in _html(proof, words))
    return _PAGE.format(title=escape(FRENCH.title), parts=parts)


def _markdown(proof: Proof, words: Language) -> Iterator[str]:
    yield f"# {words.title}"
    for paragraph in _paragraphs(proof, words):
        yield f"\n{_plain(paragraph)}"
    yield f"\n| {' | '.join(words.columns)} |"
    yield "| --- | --- | ---: | --- |"
    yield from (f"| {' | '.join(map(_plain, row))} |" for row in _rows(proof, words))
    yield f"\n**{_conclusion(proof, words)}**\n"


def _html(proof: Proof, words: Language) -> Iterator[str]:
    yield f"<h1>{escape(words.title)}</h1>"
    yield from (f"<p>{escape(paragraph)}</p>" for paragraph in _paragraphs(proof, words))
    yield f"<table><thead><tr>{_cells('th', words.columns)}</tr></thead><tbody>"
    yield from (f"<tr>{_cells('td', row)}</tr>" for row in _rows(proof, words))
    yield f"</tbody></table>\n<p><strong>{escape(_conclusion(proof, words))}</strong></p>"


def _paragraphs(proof: Proof, words: Language) -> Iterator[str]:
    yield words.about.format(subject=proof.subject) if proof.subject else words.everybody
    by = f", {proof.vendor}" if proof.vendor else ""
    moment = {"day": f"{proof.at:%Y-%m-%d}", "time": f"{proof.at:%H:%M}"}
    yield words.made.format(**moment, by=by, version=proof.version, driver=proof.driver)
    yield words.how.format(pairs=len(proof.pairs), clients=proof.clients)
    if not proof.all_pairs:
        yield words.sampled
    yield words.control
    if proof.having(Verdict.NOT_PROMISED):
        yield words.not_promised


def _rows(proof: Proof, words: Language) -> Iterator[Row]:
    for route in ROUTES:
        for place, said in words.places.items():
            results = [one for one in proof.results if (one.route, one.standpoint) == (route.name, place)]
            if results:
                tried = str(sum(one.tried for one in results))
                yield words.sought(route), said, tried, words.verdicts[_worst(results)]


def _worst(results: Sequence[Result]) -> Verdict:
    there = {one.verdict for one in results}
    return next(verdict for verdict in _WORST_FIRST if verdict in there)


def _conclusion(proof: Proof, words: Language) -> str:
    if proof.having(Verdict.OPEN):
        return words.open
    return words.held if proof.held else words.unproven


def _cells(tag: str, cells: Sequence[str]) -> str:
    return "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)


def _plain(text: str) -> str:
    """Keep a name with Markdown's own signs what it is."""
    return "".join(f"\\{sign}" if sign in r"\`*_[]<>|#" else sign for sign in text)


_PAGE: Final = """\
<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border: 1px solid #999; padding: .3rem .5rem; text-align: left; }}
</style>
</head>
<body>
{parts}
</body>
</html>
"""
