"""The first search and the opening of the store may come at the same moment: both import numpy."""

import subprocess
import sys

AT_ONCE = """
import sys, threading
from pathlib import Path
from tenant_app.retrieval.chroma_store import ChromaStore
from tenant_app.retrieval.exact import ExactSearch
from tenant_app.database import Database

failures = []
together = threading.Barrier(2)

def at_once(what):
    together.wait()
    try:
        what()
    except ImportError as error:
        failures.append(error)

folder = Path(sys.argv[1])
exact = ExactSearch(Database(folder / "none.sqlite3"), "model")
exact._load = lambda: type("Empty", (), {"ids": []})()
tasks = (lambda: ChromaStore.open(folder / "store", "model", 3).close(), lambda: exact.nearest(b"", 1))
threads = [threading.Thread(target=at_once, args=(task,)) for task in tasks]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(repr(failures) if failures else 0)
"""


def test_two_threads_that_need_numpy_first_both_get_it(tmp_path: object) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", AT_ONCE, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
