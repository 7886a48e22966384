"""The firm's people: who has an account, in which role, and how many seats are left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from flask_babel import gettext

from tenant_app.accounts.models import User
from tenant_app.accounts.own_roles import Grantable
from tenant_app.accounts.roles import ROLES
from tenant_app.api.context import current_actor, current_services
from tenant_app.errors import TenantAppError
from tenant_app.web import formats
from tenant_app.web.frame import page


@dataclass(frozen=True)
class Person:
    """One account as its row shows it; ``own`` is that of whoever reads the page.

    ``link_until`` is until when a link to choose a password is good, when there is one; ``invited`` says that
    it was never used nor anything else done.
    """

    user: User
    last_active: str
    own: bool
    link_until: datetime | None
    invited: bool


@page("users.manage")
def users() -> str:
    """Show every account, and the place to add one."""
    return users_page()


def users_page(refusal: TenantAppError | None = None) -> str:
    """Return the page, with why a role was refused if it was."""
    own = [role for role in current_services().accounts.roles.list_all() if role.id is not None]
    return render_template(
        "users.html",
        roles=[*ROLES, *(role.name for role in own)],
        own_roles=own,
        permission_names=_permission_names(),
        refusal=refusal,
        **_roster(),
    )


@page("users.manage")
def user_rows() -> str:
    """Return the table alone, for a page that has changed an account."""
    return render_template("user_rows.html", **_roster())


def _roster() -> dict[str, object]:
    services = current_services()
    known = services.accounts.users.list_all()
    months = services.accounts.users.last_active()
    links = services.accounts.links.pending()
    present = services.billing.report.month()
    own_id = current_actor().user_id
    return {
        "people": [
            Person(
                user,
                _activity(months.get(user.id), present),
                own=user.id == own_id,
                link_until=links.get(user.id),
                invited=user.id in links and user.id not in months,
            )
            for user in known
        ],
        "seats_used": sum(user.active for user in known),
        "seats": services.settings.max_users,
    }


def _activity(month: str | None, present: str) -> str:
    if month is None:
        return str(gettext("Jamais connecté"))
    return str(gettext("Ce mois-ci")) if month == present else formats.month_name(month)


def _permission_names() -> Mapping[Grantable, str]:
    """Return what each permission lets one do, in words."""
    return {
        "chat": gettext("Interroger l’assistant"),
        "documents.read": gettext("Lire les documents et y chercher"),
        "documents.write": gettext("Ajouter, remplacer et supprimer des documents"),
        "cases.read": gettext("Lire les dossiers dont on est membre"),
        "cases.write": gettext("Ouvrir des dossiers et y travailler"),
        "cases.manage": gettext("Voir tous les dossiers"),
        "usage.read": gettext("Suivre la consommation"),
    }
