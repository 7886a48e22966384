"""What this host gives its clients and what it does not, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from provisioner.drivers.protocol import Promise

TEXTS: Final[Mapping[tuple[str, bool], LazyString]] = {
    ("own-process", True): lazy_gettext("Chaque client a son propre processus, relancé s’il s’arrête."),
    ("own-user", True): lazy_gettext("Chaque client a son propre utilisateur système."),
    ("own-user", False): lazy_gettext(
        "Les clients ne sont pas séparés par le système\u00a0: celui qui sortirait de son programme "
        "atteindrait au moins les données des autres. La commande «\u00a0provision doctor\u00a0» dit "
        "pourquoi et comment y remédier."
    ),
    ("sealed-settings", True): lazy_gettext(
        "Un client ne peut ni lire son fichier de réglages ni changer ses limites."
    ),
    ("unprivileged-nginx", True): lazy_gettext("Le serveur nginx tourne sans les droits de root."),
    ("unprivileged-nginx", False): lazy_gettext(
        "Le serveur nginx tourne avec les droits de root, comme tout le reste."
    ),
    ("network-isolation", True): lazy_gettext("Un client n’a d’autre réseau que le port qu’il sert."),
    ("network-isolation", False): lazy_gettext("Les clients partagent le réseau de l’hôte."),
    ("hard-limits", True): lazy_gettext(
        "La mémoire, le processeur et les tâches d’un client sont limités par sa formule."
    ),
    ("hard-limits", False): lazy_gettext(
        "La mémoire, le processeur et les tâches d’un client ne sont pas limités."
    ),
    ("boot", True): lazy_gettext(
        "Après un redémarrage de l’hôte, chaque client est relancé par sa première requête."
    ),
    ("boot", False): lazy_gettext(
        "Après un redémarrage de l’hôte, la commande «\u00a0provision host init\u00a0» relance tout."
    ),
    ("provider-key", True): lazy_gettext(
        "Aucun client ne détient la clé du fournisseur de modèles de langue\u00a0: chacun l’interroge par "
        "une voie qui lui est propre, au rythme de sa formule."
    ),
    ("provider-key", False): lazy_gettext(
        "La clé du fournisseur de modèles de langue figure dans les réglages de chaque client."
    ),
    ("sleep", True): lazy_gettext(
        "Un client inactif pendant la durée prévue par sa formule quitte la mémoire\u00a0; sa requête "
        "suivante le réveille."
    ),
    ("sleep", False): lazy_gettext("Les clients inactifs restent en mémoire."),
}
"""By the promise's name and whether it is kept; the drivers' own sentences are for the command line."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One promise as the page says it."""

    text: str
    kept: bool


def told(promises: Iterable[Promise]) -> list[Shown]:
    """Return the promises in the reader's language, those that are kept first."""
    in_order = sorted(promises, key=lambda promise: not promise.kept)
    return [Shown(str(TEXTS[one.name, one.kept]), one.kept) for one in in_order]
