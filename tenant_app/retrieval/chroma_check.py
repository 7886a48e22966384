"""``python -m tenant_app.retrieval.chroma_check DIRECTORY``: does this Chroma store still work?

Opening a damaged store may crash the process that does it, so after an unclean stop the application asks
this one first. Exit status 0 means the store was opened and answered.
"""

import sys
from pathlib import Path

from tenant_app.retrieval.chroma_store import check_store


def main(arguments: list[str]) -> int:
    """Check the one store named in `arguments`; a damaged one ends this process with an error instead."""
    (directory,) = arguments
    print(check_store(Path(directory)))  # noqa: T201 - for whoever runs it by hand
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
