"""The certificate of what `purge` has erased, to be given to the client.

It is begun before anything is erased, with what there was, and finished when nothing is left: a purge that
was cut off and run again still tells of everything.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from provisioner.clock import stamp
from provisioner.filesystem import RenderedFile, read_text
from provisioner.naming import TenantId, system_user
from provisioner.registry.registry import Entry
from provisioner.service.backup_target import store_of
from provisioner.service.context import Context
from provisioner.steps import MakeDirectory, Step, WriteFile

_WHAT: Final = {
    "client": (
        "le dossier du client : documents, vecteurs, comptes, clés, relevés, journaux",
        "the client's folder",
    ),
    "archive": ("ses archives", "its archives"),
    "backups": ("ses sauvegardes sur cet hôte", "its backups on this host"),
    "packages": ("les paquets d'installation faits pour lui", "the packages made for it"),
    "target": (
        "ses sauvegardes dans le stockage choisi pour elles",
        "its backups in the store chosen for them",
    ),
}


class Place(BaseModel):
    """One directory that is erased, and what was in it; bytes as stored."""

    model_config = ConfigDict(frozen=True)

    what: str
    path: str
    files: int
    bytes: int


class Certificate(BaseModel):
    """What was erased of one client. `erased_at` is None until nothing is left."""

    model_config = ConfigDict(frozen=True)

    client_id: str
    name: str
    hostname: str
    system_user: str
    vendor: str
    operator: str
    begun_at: datetime
    erased_at: datetime | None = None
    places: tuple[Place, ...]

    def text(self) -> str:
        """Return it as people read it: French first, then English."""
        places = "".join(
            f"- {_WHAT[one.what][0]} : {_amount(one, 'fichiers', 'octets')}\n" for one in self.places
        )
        lieux = "".join(f"- {_WHAT[one.what][1]}: {_amount(one, 'files', 'bytes')}\n" for one in self.places)
        erased = stamp(self.erased_at) if self.erased_at else "-"
        return _TEXT.format(certificate=self, erased=erased, places=places, places_en=lieux)


def begin(context: Context, entry: Entry) -> Certificate:
    """Return the certificate with what there is now, or was when an earlier purge of it was cut off."""
    certificate = Certificate(
        client_id=entry.id,
        name=entry.name,
        hostname=entry.hostname,
        system_user=system_user(TenantId(entry.id)),
        vendor=context.host.vendor.name,
        operator=context.operator,
        begun_at=context.clock.now(),
        places=_places(context, entry),
    )
    earlier = _read(_path(context, entry, "json"))
    if earlier is None:
        return certificate
    both = (*certificate.places, *earlier.places)
    kinds = dict.fromkeys(one.what for one in both)
    places = tuple(
        max((one for one in both if one.what == kind), key=lambda one: one.files) for kind in kinds
    )
    return certificate.model_copy(update={"begun_at": earlier.begun_at, "places": places})


def begun_steps(context: Context, entry: Entry, certificate: Certificate) -> Sequence[Step]:
    """Steps that write down what is about to be erased."""
    return (MakeDirectory(context.layout.erasures, 0o700), _written(context, entry, certificate))


def finished_steps(context: Context, entry: Entry, certificate: Certificate) -> Sequence[Step]:
    """Steps that write the certificate, once everything is erased."""
    text = RenderedFile(_path(context, entry, "txt"), certificate.text(), 0o600)
    return (_written(context, entry, certificate), WriteFile(text))


def finished(context: Context, certificate: Certificate) -> Certificate:
    """Return the certificate of what is erased from now on."""
    return certificate.model_copy(update={"erased_at": context.clock.now()})


def text_path(context: Context, entry: Entry) -> Path:
    """Where the certificate is for people to read."""
    return _path(context, entry, "txt")


def last_of(context: Context, tenant_id: str) -> Path | None:
    """Return the certificate for people of the last client that was erased and had this id."""
    named = re.compile(rf"{re.escape(tenant_id)}-\d{{8}}T\d{{6}}Z")
    written = context.layout.erasures.glob("*.txt")
    return max((path for path in written if named.fullmatch(path.stem)), default=None)


def _written(context: Context, entry: Entry, certificate: Certificate) -> WriteFile:
    document = certificate.model_dump_json(indent=2) + "\n"
    return WriteFile(RenderedFile(_path(context, entry, "json"), document, 0o600))


def _path(context: Context, entry: Entry, kind: str) -> Path:
    """One for each client that ever had the id: told apart by when it was begun."""
    return context.layout.erasures / f"{entry.id}-{entry.created_at:%Y%m%dT%H%M%SZ}.{kind}"


def _read(path: Path) -> Certificate | None:
    text = read_text(path)
    try:
        return Certificate.model_validate_json(text) if text else None
    except ValidationError:
        return None


def _places(context: Context, entry: Entry) -> tuple[Place, ...]:
    here = tuple(_place(what, path) for what, path in _directories(context, entry))
    if not (store := store_of(context)):
        return here
    sizes = store.sizes(entry.id)
    address = f"{store.address}/{entry.id}"
    return (*here, Place(what="target", path=address, files=len(sizes), bytes=sum(sizes.values())))


def _directories(context: Context, entry: Entry) -> tuple[tuple[str, Path], ...]:
    layout, tenant_id = context.layout, TenantId(entry.id)
    return (
        ("client", layout.client(tenant_id)),
        ("archive", layout.archive / entry.id),
        ("backups", layout.backups / entry.id),
        ("packages", layout.packages / entry.id),
        *([("target", context.backups / entry.id)] if context.host.backup_folder else []),
    )


def _place(what: str, path: Path) -> Place:
    sizes = [os.lstat(Path(folder, name)).st_size for folder, _, names in os.walk(path) for name in names]
    return Place(what=what, path=str(path), files=len(sizes), bytes=sum(sizes))


def _amount(place: Place, files: str, size: str) -> str:
    return f"{place.files} {files}, {place.bytes} {size}"


_TEXT: Final = """\
CERTIFICAT D'EFFACEMENT

{certificate.vendor}
Client : {certificate.name} ({certificate.client_id}), servi sous {certificate.hostname}
Effacement terminé le {erased} (UTC), par {certificate.operator}

Ont été effacés, sans retour possible :
{places}- son utilisateur système {certificate.system_user}, son site et ses réglages

Sont conservés :
- la liste des opérations faites sur ce client (commande, date, opérateur), sans aucun de ses contenus
- les factures émises, pendant dix ans (article L123-22 du code de commerce)

Les autres copies faites hors de cet hôte ne sont pas couvertes par ce certificat.


CERTIFICATE OF ERASURE

Client: {certificate.name} ({certificate.client_id}), served as {certificate.hostname}
Erased on {erased} (UTC), by {certificate.operator}

Erased, with no way back:
{places_en}- its system user {certificate.system_user}, its site and its settings

Kept:
- the list of operations on this client (command, time, operator), with none of its contents
- issued invoices, for ten years (French commercial code, article L123-22)

Other copies made outside this host are not covered by this certificate.
"""
