"""What people fill in, judged by the same models as what programs send."""

from typing import TypeVar

from flask_babel import lazy_gettext
from pydantic import BaseModel, ValidationError

from tenant_app.validation import refused

B = TypeVar("B", bound=BaseModel)


def form_body(model: type[B], **fields: object) -> B:
    """Return the fields of a form as ``model``; raises InvalidInput."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise refused(
            error, lazy_gettext("Vérifiez ce que vous avez saisi : un champ est vide ou trop long.")
        ) from error
