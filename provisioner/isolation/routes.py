"""The ways by which one client might reach another, each with what a client is told of it and the mend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Route:
    """One way. `promise` names what a driver must promise for it to be closed; empty: every driver does.

    `fr` and `en` say what is tried, to people who are no engineers; `mend` is for the operator.
    """

    name: str
    promise: str
    fr: str
    en: str
    mend: str


_MODES: Final = (
    "`provision diff` and `provision apply` set what they write; take the rest from others: chmod o="
)
_UNIT: Final = (
    "`systemctl cat tenant@ID.service` shows which drop-in opens it; remove that, "
    "`systemctl daemon-reload`, `provision restart ID`."
)
_ROTATE: Final = "`provision rotate ID --at-once` gives a client keys of its own."
_SITE: Final = (
    "`provision diff ID` shows what was changed in its site; `provision apply ID --reset` mends it."
)
_REPORT: Final = "Suspend the clients concerned (`provision suspend ID`) and report this as a defect."

ROUTES: Final = (
    Route("documents", "own-user", "les documents déposés", "the documents", _MODES),
    Route("database", "own-user", "la base de données", "the database", _MODES),
    Route("vectors", "own-user", "l'index sémantique (Chroma)", "the semantic index (Chroma)", _MODES),
    Route("usage", "own-user", "les relevés d'usage", "the usage records", _MODES),
    Route("settings", "own-user", "les réglages et les clés (.env)", "settings and keys (.env)", _MODES),
    Route("logs", "own-user", "les journaux", "the logs", _MODES),
    Route("backups", "own-user", "les sauvegardes et les archives", "backups and archives", _MODES),
    Route(
        "registry", "own-user", "le registre et les réglages de l'hôte", "the host's registry and settings",
        _MODES,
    ),
    Route("site", "own-user", "la configuration du serveur web", "the web server's configuration", _MODES),
    Route("egress", "own-user", "la sortie vers le fournisseur d'IA", "the way to the AI provider", _MODES),
    Route(
        "provider-key", "provider-key", "la clé du fournisseur d'IA", "the AI provider's key",
        "chmod 600 on the file of `llm_api_key_file`; `provision host init` sets the egress's own.",
    ),
    Route(
        "process", "own-user", "la mémoire et l'environnement du processus",
        "the process's memory and environment", _MODES,
    ),
    Route("signal", "own-user", "l'envoi de signaux au processus", "signals to the process", _MODES),
    Route(
        "trace", "own-user", "la prise de contrôle du processus (ptrace)", "control of the process (ptrace)",
        _MODES,
    ),
    Route(
        "process-list", "own-user", "la liste des processus", "the list of processes", _UNIT,
    ),
    Route("folder", "own-user", "l'existence du dossier", "the folder's existence", _UNIT),
    Route("port", "network-isolation", "le port local du service", "the service's local port", _UNIT),
    Route("host-network", "network-isolation", "les adresses de l'hôte", "the host's addresses", _UNIT),
    Route("outside", "network-isolation", "une adresse extérieure", "an outside address", _UNIT),
    Route(
        "metadata", "network-isolation", "l'adresse de métadonnées 169.254.169.254",
        "the metadata address 169.254.169.254", _UNIT,
    ),
    Route("namespace", "network-isolation", "le réseau de l'hôte", "the host's network", _UNIT),
    Route("control", "own-user", "le superviseur des services", "the services' supervisor", _UNIT),
    Route("keys", "", "des clés de signature communes", "signing keys in common", _ROTATE),
    Route("operator", "", "l'accès réservé à l'opérateur", "the operator's own access", _ROTATE),
    Route("token", "", "un jeton d'accès d'un autre client", "another client's access token", _ROTATE),
    Route("api-key", "", "une clé d'API d'un autre client", "another client's API key", _REPORT),
    Route("cookie", "", "un cookie de session d'un autre client", "another client's session cookie", _ROTATE),
    Route("host-name", "", "un nom d'hôte détourné", "a forged host name", _SITE),
    Route("tls-name", "", "un nom TLS détourné (SNI)", "a forged TLS name (SNI)", _SITE),
    Route("search", "", "la recherche", "search", _REPORT),
    Route("chat", "", "les réponses de l'assistant", "the assistant's answers", _REPORT),
)  # fmt: skip
BY_NAME: Final = {route.name: route for route in ROUTES}
