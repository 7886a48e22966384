"""The package a client installs on its own computers: the Streamlit interface with an API key, as one ZIP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from pydantic import SecretStr

from provisioner.host import HostSettings
from provisioner.pictures import Picture
from provisioner.render.colours import readable, text_on
from provisioner.render.templates import render
from provisioner.resources import shipped
from provisioner.spec import TenantSpec

_PLACE: Final = "templates/package"
_AS_THEY_ARE: Final = ("interface-streamlit.py", "requirements.txt")
#: What Streamlit puts text on: the page and its fields, in its light theme and in its dark one.
_LIGHT: Final = ("#f1f0ee", "#ffffff")
_DARK: Final = ("#2d2b27", "#171614")
_REGULAR_FILE: Final = 0o100000


@dataclass(frozen=True, slots=True)
class PackageKey:
    """The API key that goes into a package; `made_at` is the package's own moment too, in UTC."""

    name: str
    made_at: datetime
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file of a package, below its folder. A `secret` one is its owner's alone once it is extracted."""

    name: str
    content: bytes = field(repr=False)
    secret: bool = False


def client_package(
    spec: TenantSpec, host: HostSettings, key: PackageKey, logo: Picture | None
) -> Sequence[PackedFile]:
    """Return the files of a client's package, in the order of their names."""
    return sorted((*_fixed(), *_rendered(spec, host, key), *_logo(logo)), key=lambda file: file.name)


def address(spec: TenantSpec, host: HostSettings) -> str:
    """Return where the client's people reach it: under its own domain when it has one."""
    return host.public_url(spec.domains[0] if spec.domains else spec.hostname)


def folder_name(spec: TenantSpec) -> str:
    """Return the folder that a package is extracted to."""
    return f"assistant-{spec.id}"


def zipped(files: Sequence[PackedFile], folder: str, moment: datetime) -> bytes:
    """Return a ZIP of files in a folder; the same files and moment always give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(f"{folder}/{file.name}", moment.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (_REGULAR_FILE | (0o600 if file.secret else 0o644)) << 16
            archive.writestr(entry, file.content)
    return packed.getvalue()


def _fixed() -> Iterator[PackedFile]:
    for name in _AS_THEY_ARE:
        yield PackedFile(name, shipped(_PLACE, name).read_bytes())


def _rendered(spec: TenantSpec, host: HostSettings, key: PackageKey) -> Iterator[PackedFile]:
    vendor = host.vendor
    values = {
        "client": spec.name,
        "address": address(spec, host),
        "folder": folder_name(spec),
        "vendor": vendor.name,
        "contact": vendor.email,
        "phone": vendor.phone,
        "year": key.made_at.year,
        "key": key.secret.get_secret_value(),
        "key_name": key.name,
        "made_on": key.made_at.date(),
        "environment": _environment(spec, host, key),
        **_colours(spec.color),
    }
    for template, name in _TEMPLATES.items():
        text = render(f"{_PLACE}/{template}", **values)
        yield PackedFile(name, text.encode(), secret=name in _SECRET)


_TEMPLATES: Final = {
    "env.j2": ".env",
    "config.toml.j2": ".streamlit/config.toml",
    "style.css.j2": "style.css",
    "LISEZMOI.md.j2": "LISEZMOI.md",
    "README.md.j2": "README.md",
    "LICENCE.txt.j2": "LICENCE.txt",
    "API_KEY.txt.j2": "API_KEY.txt",
}
_SECRET: Final = frozenset({".env", "API_KEY.txt"})


def _environment(spec: TenantSpec, host: HostSettings, key: PackageKey) -> dict[str, str]:
    """Document 001's two keys first, by its names."""
    return {
        "BACKEND_API_URL": f"{address(spec, host)}/api/chat",
        "API_KEY": key.secret.get_secret_value(),
        "CLIENT_NAME": spec.name,
        "SUPPORT_CONTACT": host.vendor.email,
        "LANGUAGE_DEFAULT": host.language_default,
    }


def _colours(colour: str) -> dict[str, str]:
    light, dark = readable(colour, *_LIGHT), readable(colour, *_DARK)
    return {
        "brand": colour,
        "on_brand": text_on(colour),
        "accent_light": light,
        "on_accent_light": text_on(light),
        "accent_dark": dark,
        "on_accent_dark": text_on(dark),
    }


def _logo(logo: Picture | None) -> Iterator[PackedFile]:
    if logo is not None:
        yield PackedFile(f"logo{PurePosixPath(logo.name).suffix}", logo.content)
