"""The person behind an actor: programs and the operator are none."""

from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.models import User
from tenant_app.errors import Forbidden


def person_of(session: Session, actor: Actor) -> User:
    """Return the user who acts. Raises Forbidden for an API key and for the operator."""
    user = session.get(User, actor.user_id) if actor.user_id is not None else None
    if user is None:
        raise Forbidden(lazy_gettext("Seule une personne a des données personnelles ici."), code="no-person")
    return user
