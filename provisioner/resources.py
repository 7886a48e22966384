"""Where the shipped files are: templates/, nginx/, systemd/ and plans.yaml.

They stand at the top of a checkout and inside the wheel under `provisioner/_data`; both look
the same from here.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(*parts: str) -> Path:
    """Return the path of a shipped file or folder, e.g. `shipped("nginx", "tenant.conf.j2")`.

    Raises FileNotFoundError naming both places searched when the installation is incomplete.
    """
    places = [root.joinpath(*parts) for root in _roots(_PACKAGE)]
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(
        f"Tenantry's own file {'/'.join(parts)} is missing (looked at {' and '.join(map(str, places))}); "
        "install the package again"
    )


def plans_file() -> Path:
    """Return the shipped plans.yaml."""
    return shipped("plans.yaml")


def _roots(package: Path) -> tuple[Path, Path]:
    """A wheel's `_data` first: an installed package has nothing of ours beside it."""
    return package / "_data", package.parent
