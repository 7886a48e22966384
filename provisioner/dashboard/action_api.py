"""Acting on clients through the JSON interface: what is asked for becomes a job, looked at until it ends."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from flask import Blueprint, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from pydantic import ValidationError

from provisioner.actions import requests as asked
from provisioner.clock import stamp
from provisioner.dashboard import api_shapes as shapes
from provisioner.dashboard.api import unknown_client
from provisioner.dashboard.guard import dashboard, problem, with_token
from provisioner.dashboard.jobs import Busy, Job, UnknownJob
from provisioner.dashboard.openapi import PREFIX, Described, described
from provisioner.dashboard.roles import Role
from provisioner.errors import InvalidRequest, UnknownTenant
from provisioner.naming import parse_tenant_id

blueprint = Blueprint("action_api", __name__, url_prefix=PREFIX)
_ERRORS: Final = (404, 409, 413)


@blueprint.post("/clients")
@described(Described("Have a client made", 202, shapes.JobShape, body=shapes.NewClient, errors=(409, 413)))
@with_token(Role.OPERATOR)
def create() -> ResponseReturnValue:
    """Have a new client made; the first password and key are in the job's secrets."""
    try:
        given = shapes.NewClient.model_validate_json(request.get_data())
        parse_tenant_id(given.id)
    except ValidationError as error:
        return _invalid(error)
    except InvalidRequest as error:
        return problem(400, gettext("Requête invalide"), error.message)
    return _begun("create", given.id, asked.Create(**given.model_dump(exclude={"id"})))


@blueprint.post("/clients/<client_id>/plan")
@described(Described("Give a client another plan", 202, shapes.JobShape, asked.Plan, _ERRORS))
@with_token(Role.OPERATOR)
def plan(client_id: str) -> ResponseReturnValue:
    """Another plan; refused when what the client has does not fit."""
    return _act("plan", client_id)


@blueprint.post("/clients/<client_id>/suspend")
@described(Described("Take a client out of service", 202, shapes.JobShape, asked.Suspend, _ERRORS))
@with_token(Role.OPERATOR)
def suspend(client_id: str) -> ResponseReturnValue:
    """Nothing of it answers any more until it is resumed; its data stay."""
    return _act("suspend", client_id)


@blueprint.post("/clients/<client_id>/resume")
@described(Described("Bring a suspended client back", 202, shapes.JobShape, asked.Resume, _ERRORS))
@with_token(Role.OPERATOR)
def resume(client_id: str) -> ResponseReturnValue:
    """It answers again."""
    return _act("resume", client_id)


@blueprint.post("/clients/<client_id>/rotate")
@described(Described("Give a client fresh keys", 202, shapes.JobShape, asked.Rotate, _ERRORS))
@with_token(Role.OPERATOR)
def rotate(client_id: str) -> ResponseReturnValue:
    """Fresh signing keys; API keys stay."""
    return _act("rotate", client_id)


@blueprint.post("/clients/<client_id>/backup")
@described(Described("Take a backup of a client", 202, shapes.JobShape, asked.Backup, _ERRORS))
@with_token(Role.OPERATOR)
def backup(client_id: str) -> ResponseReturnValue:
    """A backup, where host.yaml has them go."""
    return _act("backup", client_id)


@blueprint.post("/clients/<client_id>/package")
@described(Described("Make a client's package", 202, shapes.JobShape, asked.Package, _ERRORS))
@with_token(Role.OPERATOR)
def package(client_id: str) -> ResponseReturnValue:
    """A package with a key of its own, on the host."""
    return _act("package", client_id)


@blueprint.get("/jobs/<int:number>")
@described(Described("How an action goes", answer=shapes.JobShape, errors=(404,)))
@with_token(Role.VIEWER)
def job(number: int) -> ResponseReturnValue:
    """How an action goes and what came of it; its secrets once, and only for who asked."""
    try:
        found = dashboard().jobs.get(number, g.actor)
    except UnknownJob:
        return problem(404, gettext("Inconnu"), gettext("Il n’y a pas d’action de ce numéro."))
    return jsonify(_job(found))


def _act(action: asked.ActionName, client_id: str) -> ResponseReturnValue:
    model = asked.ARGUMENTS[action]
    try:
        arguments = model.model_validate_json(request.get_data() or b"{}")
        dashboard().now().registry.get(client_id)
    except ValidationError as error:
        return _invalid(error)
    except UnknownTenant:
        return unknown_client()
    return _begun(action, client_id, arguments)


def _begun(action: asked.ActionName, client_id: str, arguments: asked.Arguments) -> ResponseReturnValue:
    try:
        begun = dashboard().jobs.begin(action, client_id, arguments, g.actor)
    except Busy:
        detail = gettext("Une action est déjà en cours pour ce client ; attendez qu’elle se termine.")
        return problem(409, gettext("Occupé"), detail)
    answer = jsonify(_job(begun))
    answer.status_code = 202
    answer.headers["Location"] = url_for("action_api.job", number=begun.id)
    return answer


def _invalid(error: ValidationError) -> ResponseReturnValue:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return problem(400, gettext("Requête invalide"), f"{where}: {first['msg']}" if where else first["msg"])


def _job(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "action": job.action,
        "client": job.client,
        "who": job.who,
        "began_at": stamp(job.began_at),
        "ended_at": stamp(job.ended_at) if job.ended_at else None,
        "state": job.state,
        "progress": asdict(job.progress),
        "done": dict(job.done),
        "error": dict(job.error) or None,
        "secrets": dict(job.secrets),
    }
