"""The client's logo: a file of the data directory, named by the setting ``CLIENT_LOGO``."""

from pathlib import Path
from typing import Final

from tenant_app.data_directory import replace_file

BRANDING: Final = "branding"
LOGO_PREFIX: Final = "/static/"
LOGO_TYPES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".svg"})
_MODE: Final = 0o600


def logo_file(data_dir: Path, client_logo: str) -> Path | None:
    """Return the client's logo; None unless ``client_logo`` is ``/static/<name>`` and that file is there."""
    name = client_logo.removeprefix(LOGO_PREFIX)
    plain = bool(name) and name != client_logo and "/" not in name and not name.startswith(".")
    if not plain or Path(name).suffix.lower() not in LOGO_TYPES:
        return None
    path = data_dir / BRANDING / name
    return path if path.is_file() and not path.is_symlink() else None


def keep_logo(data_dir: Path, client_logo: str, name: str, content: bytes) -> None:
    """Keep a picture under a plain file name; those that are neither it nor the present logo go."""
    folder = data_dir / BRANDING
    folder.mkdir(mode=0o700, exist_ok=True)
    replace_file(folder / name, content, _MODE)
    kept = {name, client_logo.removeprefix(LOGO_PREFIX)}
    for path in folder.glob("logo-*"):
        if path.name not in kept:
            path.unlink(missing_ok=True)
