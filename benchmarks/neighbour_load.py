"""What a busy client and its neighbour ask over HTTP; prints what came back as JSON.

    python neighbour_load.py search HOST KEY COUNT
    python neighbour_load.py upload HOST KEY COUNT

`search` asks one question after another and prints [status, seconds] of each; `upload` sends as many
documents at once and prints how often each status came. They run on the host that is measured, with nothing
but the standard library.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

_PORT = 8080
_PATIENCE = 120.0
_PAUSE = 0.2
_ARTICLES = 40
_SUBJECTS = ("préavis", "congé", "salaire", "contrat", "licenciement", "rupture", "indemnité", "horaire")


def main() -> None:
    """Do what the first word says."""
    what, host, key, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    print(json.dumps(_search(host, key, count) if what == "search" else _upload(host, key, count)))


def _search(host: str, key: str, count: int) -> list[tuple[int, float]]:
    seen = []
    for number in range(count):
        subject = _SUBJECTS[number % len(_SUBJECTS)]
        body = json.dumps({"query": f"Quelle est la durée du {subject} numéro {number} ?", "top_k": 5})
        begun = time.perf_counter()
        status = _ask(host, key, "/api/search", body.encode(), "application/json")
        seen.append((status, time.perf_counter() - begun))
        time.sleep(_PAUSE)
    return seen


def _upload(host: str, key: str, count: int) -> dict[int, int]:
    with ThreadPoolExecutor(count) as everybody:
        return dict(Counter(everybody.map(lambda number: _send(host, key, number), range(count))))


def _send(host: str, key: str, number: int) -> int:
    articles = (
        f"# Article {number}-{one}\n\n"
        + f"Le {_SUBJECTS[one % len(_SUBJECTS)]} du dossier {number} dure {one + 3} jours ouvrés. " * 12
        for one in range(_ARTICLES)
    )
    text = "\n\n".join(articles)
    about = f'Content-Disposition: form-data; name="file"; filename="{number}.md"'
    part = f"--x\r\n{about}\r\n\r\n{text}\r\n--x--\r\n"
    return _ask(host, key, "/api/documents", part.encode(), "multipart/form-data; boundary=x")


def _ask(host: str, key: str, path: str, body: bytes, kind: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=_PATIENCE)
    try:
        connection.request("POST", path, body, {"Host": host, "X-API-Key": key, "Content-Type": kind})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


if __name__ == "__main__":
    main()
