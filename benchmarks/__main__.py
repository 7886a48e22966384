"""`python -m benchmarks NAME`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from benchmarks import (
    backups,
    calibration,
    cockpit,
    density,
    ingest,
    listing,
    memory,
    neighbours,
    provision_new,
    refusal,
    retrieval,
    search_speed,
    sleep_and_wake,
    upgrade,
)
from benchmarks.report import machine

_BENCHMARKS: dict[str, Callable[[], None]] = {
    "provision-new": provision_new.run,
    "memory": memory.run,
    "list": listing.run,
    "cockpit": cockpit.run,
    "retrieval": retrieval.run,
    "search-speed": search_speed.run,
    "refusal": refusal.run,
    "ingest": ingest.run,
    "calibration": calibration.run,
    "backups": backups.run,
    "sleep-and-wake": sleep_and_wake.run,
    "density": density.run,
    "upgrade": upgrade.run,
    "neighbours": neighbours.run,
}


def main() -> None:
    """Run the named benchmarks, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(_BENCHMARKS)} (default: all)")
    parser.add_argument(
        "--eval", metavar="FOLDER", help="where the sets of questions are (default: $TENANTRY_EVAL)"
    )
    options = parser.parse_args()
    names: list[str] = options.names or list(_BENCHMARKS)
    if options.eval:
        os.environ["TENANTRY_EVAL"] = options.eval
    unknown = [name for name in names if name not in _BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark named {', '.join(unknown)}; there are {', '.join(_BENCHMARKS)}")
    print(machine())
    for name in names:
        print(f"\n### {name}\n")
        _BENCHMARKS[name]()


if __name__ == "__main__":
    main()
