"""A client's packages: what there is of them, and each as a download.

A package holds an API key. The dashboard may not read it; the program that acts on clients hands it over, in
memory, and records who took it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, abort, g, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from pydantic import ValidationError

from provisioner.actions.asking import NobodyActs
from provisioner.actions.requests import Arguments, PackageFile, Packages, QuestionName, Request
from provisioner.dashboard.guard import dashboard, is_our_own_form, signed_in
from provisioner.dashboard.roles import Role
from provisioner.errors import ProvisionError, Refused, UnknownTenant

blueprint = Blueprint("packages", __name__, url_prefix="/admin/clients/<client_id>/packages")
LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a package; the biggest part of one is the client's logo, of 500 kB at most."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package there is; `opens` says whether its key does, None when the client cannot be asked."""

    file: str
    made_at: datetime
    size: int
    key_name: str
    key_hint: str
    opens: bool | None


@blueprint.get("")
@signed_in(Role.OPERATOR)
def page(client_id: str) -> ResponseReturnValue:
    """Show a client's packages, the newest first."""
    return _shown(client_id)


@blueprint.post("/<file>")
@signed_in(Role.OPERATOR)
def download(client_id: str, file: str) -> ResponseReturnValue:
    """Hand a package over, whole and as it was made."""
    try:
        arguments = PackageFile(file=file)
    except ValidationError:
        abort(404)
    if not is_our_own_form():
        return _shown(client_id, gettext("Le formulaire a expiré ; essayez à nouveau."), 403)
    try:
        content = _file(client_id, arguments)
    except Refused:
        abort(404)
    except ProvisionError:
        return _shown(client_id, _silent(), 503)
    answer = Response(content, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _shown(client_id: str, trouble: str = "", status: int = 200) -> ResponseReturnValue:
    try:
        entry = dashboard().now().registry.get(client_id)
    except UnknownTenant:
        abort(404)
    packages: list[Package] | None = None
    try:
        packages = _list(client_id)
    except ProvisionError:
        trouble, status = trouble or _silent(), 503 if status == 200 else status
    text = render_template("packages.html", client=entry, packages=packages, trouble=trouble)
    return make_response(text, status)


def _silent() -> str:
    return str(
        gettext(
            "Le programme qui agit sur les clients n’a pas répondu ; il est peut-être occupé. "
            "Réessayez dans un instant."
        )
    )


def _list(client_id: str) -> list[Package]:
    *_, last = _asked("packages", client_id, Packages())
    rows = [Package(**{**one, "made_at": datetime.fromisoformat(one["made_at"])}) for one in last["packages"]]
    return rows[::-1]


def _file(client_id: str, arguments: PackageFile) -> bytes:
    """Return a package's bytes, all of them; raises Refused when there is none, NobodyActs when some lack."""
    content = bytearray()
    for told in _asked("package-file", client_id, arguments):
        content += base64.b64decode(told.get("content", ""))
        if len(content) > LARGEST:
            raise NobodyActs("has sent more than a package")
        if "sha256" in told and told["sha256"] != hashlib.sha256(content).hexdigest():
            raise NobodyActs("has not sent the whole package")
    return bytes(content)


def _asked(question: QuestionName, client_id: str, arguments: Arguments) -> list[Mapping[str, Any]]:
    """Return what is told to a question, last the answer; raises Refused, or another ProvisionError."""
    request = Request(action=question, client=client_id, who=g.actor.name, arguments=arguments.model_dump())
    told: list[Mapping[str, Any]] = []
    for line in dashboard().question(request):
        if "error" in line:
            raise (Refused if line["error"]["refused"] else ProvisionError)(line["error"]["message"])
        told.append(line.get("done", line))
    return told
