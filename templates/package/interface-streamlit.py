"""L'interface de votre assistant documentaire, sur votre poste.

Elle envoie vos questions, avec la clé d'API du fichier .env, à l'adresse que ce fichier indique et à nulle
autre, et montre les réponses avec leurs sources. Elle n'enregistre rien sur le disque.

Your document assistant's interface, on your own computer. It sends your questions, with the API key of the
file .env, to the address in that file and to nowhere else, and shows the answers with their sources. It keeps
nothing on the disk.

    streamlit run interface-streamlit.py
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import streamlit as st
from dotenv import load_dotenv

HERE = Path(__file__).resolve().parent
CONNECT_SECONDS = 10
ANSWER_SECONDS = 120
ROUTE = "/api/chat"

TEXTS: dict[str, dict[str, str]] = {
    "fr": {
        "language": "Français",
        "title": "Assistant documentaire",
        "ask": "Posez votre question",
        "welcome": "Interrogez vos documents",
        "welcome_more": "Posez votre question en une phrase, comme à un collègue. Chaque réponse cite "
        "les passages sur lesquels elle s'appuie : ouvrez ses sources pour les vérifier.",
        "searching": "Recherche dans vos documents…",
        "sources": "Sources ({count})",
        "page": "page {page}",
        "usage": "Questions posées ce mois-ci",
        "usage_of": "{used} sur {limit} ; il en reste {left}",
        "usage_unlimited": "{used}, sans limite",
        "new": "Nouvelle conversation",
        "export": "Enregistrer la conversation",
        "exported": "Conversation du {date}",
        "question": "Question",
        "answer": "Réponse",
        "contact": "Une difficulté ? Écrivez à {contact}",
        "again": "Réessayer",
        "key": "**La clé d'API est refusée.** Elle a été remplacée ou révoquée, ou elle est incomplète. "
        "Vérifiez la ligne `API_KEY` du fichier `.env` ; le fichier `API_KEY.txt` contient celle de ce "
        "paquet.",
        "forbidden": "**Le service refuse cette demande.** {detail}",
        "suspended": "**Le service est suspendu.** Vos documents et vos comptes sont conservés. "
        "Adressez-vous à votre fournisseur.",
        "busy": "**Le service démarre ou est très sollicité.** Réessayez dans {wait}.",
        "rate": "**Trop de questions en peu de temps.** Réessayez dans {wait}.",
        "quota": "**Le nombre de questions de votre abonnement est atteint pour ce mois.** Il se "
        "renouvelle le {day} ; votre fournisseur peut l'augmenter d'ici là.",
        "unreachable": "**Le service est injoignable.** Vérifiez votre connexion, puis l'adresse "
        "`BACKEND_API_URL` du fichier `.env`. Si votre réseau passe par un proxy, voyez LISEZMOI.md.",
        "tls": "**La connexion n'est pas sûre : rien n'a été envoyé.** Le certificat présenté n'est pas "
        "reconnu. Vérifiez l'heure de votre poste ; si votre réseau inspecte les connexions, voyez "
        "LISEZMOI.md.",
        "timeout": "**Le service n'a pas répondu à temps.** Réessayez ; si cela se répète, vérifiez "
        "votre connexion.",
        "cut": "**La réponse s'est interrompue.** Posez la question de nouveau.",
        "gone": "**Cette conversation n'existe plus.** Commencez-en une nouvelle.",
        "refused": "**La question n'a pas été acceptée.** {detail}",
        "unexpected": "**Ce n'est pas le service attendu qui a répondu ({status}).** Vérifiez l'adresse "
        "`BACKEND_API_URL` du fichier `.env`.",
        "settings": "**Le fichier `.env` est absent ou incomplet.** Il doit se trouver à côté de "
        "`interface-streamlit.py` et indiquer `BACKEND_API_URL` (une adresse qui se termine par "
        "/api/chat) et `API_KEY`. Extrayez-le de nouveau du paquet.",
        "moment": "quelques instants",
        "date": "%d/%m/%Y",
        "thousands": "\u202f",
    },
    "en": {
        "language": "English",
        "title": "Document assistant",
        "ask": "Ask your question",
        "welcome": "Ask your documents",
        "welcome_more": "Ask in one sentence, as you would a colleague. Every answer cites the passages "
        "it rests on: open its sources to check them.",
        "searching": "Searching your documents…",
        "sources": "Sources ({count})",
        "page": "page {page}",
        "usage": "Questions asked this month",
        "usage_of": "{used} of {limit}; {left} left",
        "usage_unlimited": "{used}, unlimited",
        "new": "New conversation",
        "export": "Save the conversation",
        "exported": "Conversation of {date}",
        "question": "Question",
        "answer": "Answer",
        "contact": "Something wrong? Write to {contact}",
        "again": "Try again",
        "key": "**The API key is refused.** It was replaced or revoked, or it is incomplete. Check the "
        "line `API_KEY` of the file `.env`; the file `API_KEY.txt` holds the one of this package.",
        "forbidden": "**The service refuses this.** {detail}",
        "suspended": "**The service is suspended.** Your documents and accounts are kept. Contact your "
        "vendor.",
        "busy": "**The service is starting or very busy.** Try again in {wait}.",
        "rate": "**Too many questions in a short time.** Try again in {wait}.",
        "quota": "**All questions of your plan for this month have been asked.** It begins anew on "
        "{day}; your vendor can raise the limit before.",
        "unreachable": "**The service cannot be reached.** Check your connection, then the address "
        "`BACKEND_API_URL` in the file `.env`. If your network uses a proxy, see README.md.",
        "tls": "**The connection is not safe: nothing was sent.** The certificate it showed is not "
        "recognised. Check your computer's clock; if your network inspects connections, see README.md.",
        "timeout": "**The service did not answer in time.** Try again; if it happens again, check your "
        "connection.",
        "cut": "**The answer broke off.** Ask the question again.",
        "gone": "**This conversation is no longer there.** Begin a new one.",
        "refused": "**The question was not accepted.** {detail}",
        "unexpected": "**What answered is not the service ({status}).** Check the address "
        "`BACKEND_API_URL` in the file `.env`.",
        "settings": "**The file `.env` is missing or incomplete.** It belongs beside "
        "`interface-streamlit.py` and names `BACKEND_API_URL` (an address that ends with /api/chat) and "
        "`API_KEY`. Extract it again from the package.",
        "moment": "a moment",
        "date": "%Y-%m-%d",
        "thousands": ",",
    },
}


# What is shown of the service's words. Markdown may lay an answer out, but never fetch a picture or make a
# link, a formula or HTML: what could begin one is shown as it is.
def laid_out(text: str) -> str:
    """Return an answer as Markdown that keeps its lists and emphasis."""
    return re.sub(r"[\\`\[\]<$]", r"\\\g<0>", text)


def literal(text: str) -> str:
    """Return one line of text as Markdown that shows every character as it is."""
    return re.sub(r"[!-/:-@\[-`{-~]", r"\\\g<0>", " ".join(text.split()))


def quoted(text: str) -> str:
    """Return a passage as a quotation, line for line."""
    return "\n".join(f"> {literal(line)}  " for line in text.splitlines() if line.strip())


@dataclass(frozen=True)
class Settings:
    """What the file .env says."""

    address: str
    key: str = field(repr=False)
    client: str
    contact: str
    language: str


def read_settings() -> Settings | None:
    """Return the settings, None when the address or the key is missing.

    A proxy (HTTPS_PROXY) or further authorities (REQUESTS_CA_BUNDLE) may stand in the same file.
    """
    load_dotenv(HERE / ".env", override=True, interpolate=False, encoding="utf-8-sig")
    url, key = os.getenv("BACKEND_API_URL", ""), os.getenv("API_KEY", "")
    if not re.fullmatch(rf"https?://\S+{ROUTE}", url) or not re.fullmatch(r"[!-~]+", key):
        return None
    language = os.getenv("LANGUAGE_DEFAULT", "fr")
    return Settings(
        address=url.removesuffix(ROUTE),
        key=key,
        client=os.getenv("CLIENT_NAME", ""),
        contact=os.getenv("SUPPORT_CONTACT", ""),
        language=language if language in TEXTS else "fr",
    )


class Failed(Exception):
    """No answer: which of the TEXTS tells why, and what is put into it."""

    def __init__(self, text: str, **values: str) -> None:
        super().__init__(text)
        self.text = text
        self.values = values


def call(settings: Settings, language: str, method: str, path: str, **more: Any) -> requests.Response:
    """Ask the service and return its answer; raises Failed. The key follows no redirection."""
    try:
        response = requests.request(
            method,
            settings.address + path,
            headers={"X-API-Key": settings.key, "Accept-Language": language},
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            allow_redirects=False,
            **more,
        )
    except requests.exceptions.SSLError as error:
        raise Failed("tls") from error
    except requests.exceptions.Timeout as error:
        raise Failed("timeout") from error
    except requests.exceptions.RequestException as error:
        raise Failed("unreachable") from error
    if response.status_code != 200:
        raise failure(response)
    return response


def failure(response: requests.Response) -> Failed:
    """Return what a refusal means; the service writes its own as problems of RFC 9457."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return Failed("unexpected", status=str(response.status_code))
    status, code, detail = response.status_code, problem.get("code"), literal(str(problem.get("detail", "")))
    wait = response.headers.get("Retry-After", "")
    if status == 401 or code == "unknown-key":
        return Failed("key")
    if status == 503:
        return Failed("suspended") if code == "suspended" else Failed("busy", wait=wait)
    if status == 429:
        return Failed("quota" if code == "quota-exceeded" else "rate", wait=wait)
    if status == 403:
        return Failed("forbidden", detail=detail)
    if status == 404 and code == "not-found":
        return Failed("gone")
    if status in (400, 413):
        return Failed("refused", detail=detail)
    return Failed("unexpected", status=str(status))


def told(failed: Failed, texts: dict[str, str]) -> str:
    """Return a failure in words."""
    wait = failed.values.get("wait", "")
    seconds = int(wait) if wait.isdigit() else 0
    minutes = -(-seconds // 60)
    shown = texts["moment"] if not seconds else f"{seconds} s" if seconds < 120 else f"{minutes} min"
    day = (datetime.now().astimezone() + timedelta(seconds=seconds)).strftime(texts["date"])
    return texts[failed.text].format(**{**failed.values, "wait": shown, "day": day})


def ask(
    settings: Settings, language: str, question: str, conversation: int | None, show: Callable[[str], None]
) -> dict[str, Any]:
    """Ask a question; `show` is called with the answer as far as it has come. Return the whole answer.

    Raises Failed.
    """
    body: dict[str, Any] = {"question": question, "stream": True}
    if conversation is not None:
        body["conversation_id"] = conversation
    response = call(settings, language, "POST", ROUTE, json=body, stream=True)
    text = ""
    try:
        for name, data in events(response):
            if name == "token":
                text += data["text"]
                show(text)
            elif name == "restart":
                text = ""
            elif name == "done":
                return data
            elif name == "error":
                raise Failed("refused", detail=literal(data["detail"]))
    except (requests.exceptions.RequestException, ValueError) as error:
        raise Failed("cut") from error
    raise Failed("cut")


def events(response: requests.Response) -> Iterator[tuple[str, Any]]:
    """Read server-sent events: the name and the JSON of each."""
    name = ""
    for line in response.iter_lines():
        kind, _, value = line.decode("utf-8").partition(": ")
        if kind == "event":
            name = value
        elif kind == "data":
            yield name, json.loads(value)


def show_answer(answer: dict[str, Any], texts: dict[str, str]) -> None:
    """Show an answer with what is to be known of it, and its sources."""
    st.markdown(laid_out(answer["answer"]))
    for notice in answer["notices"]:
        st.caption(literal(notice["message"]))
    citations = answer["citations"]
    if not citations:
        return
    with st.expander(texts["sources"].format(count=len(citations))):
        for citation in citations:
            st.markdown(f"**{literal(source(citation, texts))}**\n\n{quoted(citation['passage'])}")


def source(citation: dict[str, Any], texts: dict[str, str]) -> str:
    """Return where a passage stands, in one line."""
    page = "" if citation["page"] is None else f", {texts['page'].format(page=citation['page'])}"
    return f"[{citation['n']}] {citation['document']}{page}"


def as_markdown(turns: list[tuple[str, dict[str, Any]]], client: str, texts: dict[str, str]) -> str:
    """Return a conversation as a file to keep."""
    today = datetime.now().astimezone().strftime(texts["date"])
    parts = [f"# {literal(client)}: {texts['exported'].format(date=today)}"]
    for question, answer in turns:
        parts.append(f"## {texts['question']}\n\n{literal(question)}")
        parts.append(f"### {texts['answer']}\n\n{laid_out(answer['answer'])}")
        parts += [
            f"{literal(source(citation, texts))}\n\n{quoted(citation['passage'])}"
            for citation in answer["citations"]
        ]
    return "\n\n".join(parts) + "\n"


def begin_anew() -> None:
    """Forget the conversation that is shown; the service keeps it."""
    st.session_state.turns = []
    st.session_state.failed = None


def know_usage(settings: Settings, language: str) -> None:
    """Learn once how much of the month is used; afterwards every answer tells."""
    if "usage" not in st.session_state:
        st.session_state.usage = call(settings, language, "GET", "/api/billing/usage").json()["usage"]


def show_usage(texts: dict[str, str]) -> None:
    """Show how much of the month is used."""
    usage = st.session_state.get("usage")
    if usage is None:
        return
    used, limit = usage["requests_used"], usage["requests_limit"]
    st.caption(texts["usage"])
    if limit is None:
        st.markdown(texts["usage_unlimited"].format(used=number(used, texts)))
        return
    st.progress(min(1.0, used / limit))
    figures = {"used": used, "limit": limit, "left": max(0, limit - used)}
    st.markdown(texts["usage_of"].format(**{name: number(one, texts) for name, one in figures.items()}))


def number(count: int, texts: dict[str, str]) -> str:
    """Return a count as it is written in the language."""
    return f"{count:,}".replace(",", texts["thousands"])


def show_sidebar(settings: Settings, texts: dict[str, str]) -> None:
    """Show whose assistant it is, the month's use, and what can be done with the conversation."""
    turns = st.session_state.turns
    show_usage(texts)
    st.button(texts["new"], on_click=begin_anew, disabled=not turns, width="stretch")
    st.download_button(
        texts["export"],
        as_markdown(turns, settings.client, texts),
        file_name=f"conversation-{datetime.now().astimezone():%Y-%m-%d-%H%M}.md",
        mime="text/markdown",
        on_click="ignore",
        disabled=not turns,
        width="stretch",
    )
    if settings.contact:
        st.caption(texts["contact"].format(contact=literal(settings.contact)))


def answer_question(settings: Settings, language: str, question: str) -> None:
    """Ask, show the answer as it comes, and keep it; a failure is kept instead, to be told."""
    turns = st.session_state.turns
    st.session_state.failed = None
    with st.chat_message("user"):
        st.markdown(literal(question))
    with st.chat_message("assistant"), st.spinner(TEXTS[language]["searching"]):
        place = st.empty()
        conversation = turns[-1][1]["conversation_id"] if turns else None
        try:
            answer = ask(
                settings, language, question, conversation, lambda text: place.markdown(laid_out(text))
            )
        except Failed as failed:
            st.session_state.failed = (question, failed)
        else:
            turns.append((question, answer))
            st.session_state.usage = answer["usage"]
    st.rerun()


def logo() -> str | None:
    """Return the client's logo, if the package has one."""
    return next((str(file) for file in sorted(HERE.glob("logo.*"))), None)


def show_conversation(texts: dict[str, str]) -> str | None:
    """Show what was asked and answered; return a question that failed and is to be asked again."""
    for question, answer in st.session_state.turns:
        with st.chat_message("user"):
            st.markdown(literal(question))
        with st.chat_message("assistant"):
            show_answer(answer, texts)
    if st.session_state.failed:
        question, failed = st.session_state.failed
        with st.chat_message("user"):
            st.markdown(literal(question))
        st.error(told(failed, texts))
        if st.button(texts["again"]):
            return str(question)
    elif not st.session_state.turns:
        with st.container(key="welcome"):
            st.subheader(texts["welcome"], anchor=False)
            st.markdown(texts["welcome_more"])
    return None


def main() -> None:
    """Show the page."""
    settings = read_settings()
    st.set_page_config(page_title=settings.client if settings else None, page_icon=logo())
    st.html(HERE / "style.css")
    if settings is None:
        st.error(TEXTS["fr"]["settings"])
        st.error(TEXTS["en"]["settings"])
        st.stop()
    st.session_state.setdefault("turns", [])
    st.session_state.setdefault("failed", None)
    with st.sidebar:
        language = st.segmented_control(
            "Langue · Language",
            list(TEXTS),
            default=settings.language,
            required=True,
            format_func=lambda one: TEXTS[one]["language"],
            label_visibility="collapsed",
        )
    texts = TEXTS[language]
    with st.container(key="head"):
        if picture := logo():
            st.image(picture, alt=settings.client)
        st.title(literal(settings.client), anchor=False)
        st.caption(texts["title"])
    try:
        know_usage(settings, language)
    except Failed as failed:
        st.error(told(failed, texts))
    with st.sidebar:
        show_sidebar(settings, texts)
    again = show_conversation(texts)
    question = st.chat_input(texts["ask"]) or again
    if question:
        answer_question(settings, language, question)


main()
