"""What a route may ask about the request being answered."""

from typing import cast

from flask import current_app, g

from tenant_app.accounts.actor import Actor
from tenant_app.services import Services

EXTENSION = "tenantry"


def current_services() -> Services:
    """Return the services of the application that answers the current request."""
    return cast(Services, current_app.extensions[EXTENSION])


def current_actor() -> Actor:
    """Return who is asking; only inside a view under ``@requires(…)``."""
    return cast(Actor, g.actor)
