"""What may be asked: a closed list of actions and questions, each with its arguments; all else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from provisioner.spec import LONGEST_TRIAL

ActionName = Literal["create", "plan", "suspend", "resume", "rotate", "backup", "package"]
QuestionName = Literal["packages", "package-file"]
"""What is answered at once: it changes nothing but that who took a package is among the client's events."""
ClientId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="The client's id")]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
_STRICT: Final = ConfigDict(extra="forbid", strict=True, frozen=True)


class Arguments(BaseModel):
    """What an action is told beside the client; unknown keys are refused."""

    model_config = _STRICT


class Create(Arguments):
    """A new client, as `provision new` makes it. What is left out is as there.

    `trial_days`: it tries its plan for so long, for nothing. `domains`: host names of its own.
    """

    plan: Line
    name: Line | None = None
    siret: Line | None = None
    address: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    color: Line | None = None
    assistant: Line | None = None
    admin_email: Line | None = None
    trial_days: Annotated[int, Field(ge=1, le=LONGEST_TRIAL)] | None = None
    domains: Annotated[list[Line], Field(max_length=20)] = []


class Plan(Arguments):
    """Another plan of plans.yaml."""

    plan: Line


class Suspend(Arguments):
    """Why, one line: kept with the event, shown to no visitor."""

    reason: Line | None = None


class Resume(Suspend):
    """Why, one line: kept with the event."""


class Rotate(Arguments):
    """`at_once`: the key before opens nothing any more, and everybody signs in again."""

    at_once: bool = False


class Backup(Arguments):
    """A backup where host.yaml has them go, encrypted as it says."""


class Package(Arguments):
    """`replace`: the key of the package before ends."""

    replace: bool = False


ARGUMENTS: Final[Mapping[ActionName, type[Arguments]]] = {
    "create": Create,
    "plan": Plan,
    "suspend": Suspend,
    "resume": Resume,
    "rotate": Rotate,
    "backup": Backup,
    "package": Package,
}


class Packages(Arguments):
    """The packages there are of the client, and whether their keys open."""


class PackageFile(Arguments):
    """One of them, whole: it holds an API key. `file` is its name."""

    file: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}-[0-9]{8}T[0-9]{6}Z(-[0-9]{1,3})?\.zip$")]


QUESTIONS: Final[Mapping[QuestionName, type[Arguments]]] = {
    "packages": Packages,
    "package-file": PackageFile,
}


_MODELS: Final[Mapping[str, type[Arguments]]] = dict((*ARGUMENTS.items(), *QUESTIONS.items()))


class Request(BaseModel):
    """One line of what is asked: who wants which action for which client. `arguments` are its own model's."""

    model_config = _STRICT

    action: ActionName | QuestionName
    client: ClientId
    who: Annotated[str, Field(min_length=1, max_length=254, pattern=r"^[^\x00-\x1f\x7f]+$")]
    arguments: dict[str, Any]

    def checked(self) -> Arguments:
        """Return the arguments as their action knows them; raises pydantic's ValidationError."""
        return _MODELS[self.action].model_validate(self.arguments)
