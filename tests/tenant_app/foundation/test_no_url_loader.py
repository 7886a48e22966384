"""A tenant fetches no address that somebody gives it: nothing in it can ask for one.

The only ways out are the language model's SDK, at the address of the settings, and the embedding server's
unix socket.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import tenant_app

PROGRAM = Path(tenant_app.__file__).parent
FETCHING = {"aiohttp", "ftplib", "httpx", "requests", "urllib.request", "urllib3", "websockets"}
WAYS_OUT = {
    ("assistant/provider.py", "openai"),
    ("retrieval/embedding.py", "http.client"),
    ("retrieval/embedding.py", "socket"),
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports() -> set[tuple[str, str]]:
    return {
        (path.relative_to(PROGRAM).as_posix(), name)
        for path in PROGRAM.rglob("*.py")
        for name in imported(path)
    }


def test_no_module_can_fetch_an_address() -> None:
    assert {(path, name) for path, name in imports() if name in FETCHING} == set()


def test_the_ways_out_are_the_ones_known() -> None:
    found = {(path, name) for path, name in imports() if name in {"openai", "http.client", "socket"}}

    # `openai` for its types, `socket` to see whether the embedding server answers: neither sends anything.
    assert found - WAYS_OUT == {("api/status.py", "socket")}
