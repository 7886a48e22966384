"""Reading and writing JSON bodies through pydantic models."""

from typing import TypeVar

from flask import Response, jsonify, request
from flask_babel import lazy_gettext
from pydantic import BaseModel, ValidationError

from tenant_app.errors import InvalidInput, UnsupportedType
from tenant_app.validation import refused

B = TypeVar("B", bound=BaseModel)


def json_body(model: type[B]) -> B:
    """Return the request's JSON body as ``model``.

    Raises UnsupportedType for a body that does not say it is JSON, InvalidInput for one that is not, or
    whose shape does not fit; the refused fields are named.
    """
    if not request.is_json:
        raise UnsupportedType(lazy_gettext("Le corps doit être envoyé en application/json."))
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        raise refused(error, lazy_gettext("Le corps de la requête n'a pas la forme attendue.")) from error


def query_arguments(model: type[B]) -> B:
    """Return the query string as ``model``; raises InvalidInput for an unknown, repeated or refused one."""
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        raise InvalidInput(lazy_gettext("Un paramètre est répété : %(name)s.", name=repeated[0]))
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise refused(error, lazy_gettext("Les paramètres n'ont pas la forme attendue.")) from error


def answered(model: BaseModel, status: int = 200) -> Response:
    """Return a JSON answer of the model."""
    response = jsonify(model.model_dump(mode="json"))
    response.status_code = status
    return response
