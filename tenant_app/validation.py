"""What is accepted from outside: strict models, and the error that names what they refuse."""

from pydantic import BaseModel, ConfigDict, ValidationError

from tenant_app.errors import FieldError, InvalidInput, Text


class Body(BaseModel):
    """Base of every accepted body: an unknown field is refused, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def refused(error: ValidationError, detail: Text) -> InvalidInput:
    """Return the InvalidInput that names each field a model refused; the refused values are not quoted."""
    issues = error.errors(include_url=False, include_input=False, include_context=False)
    fields = [FieldError(".".join(map(str, issue["loc"])), issue["type"], issue["msg"]) for issue in issues]
    return InvalidInput(detail, fields=fields)
