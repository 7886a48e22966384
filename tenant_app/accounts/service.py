"""Accounts as the other subjects see them."""

from flask_babel import lazy_gettext

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.key_links import KeyLinks
from tenant_app.accounts.keys import ApiKeys
from tenant_app.accounts.links import OneTimeLinks
from tenant_app.accounts.outbox import Outbox
from tenant_app.accounts.own_roles import OwnRoles
from tenant_app.accounts.security_log import SecurityLog
from tenant_app.accounts.sessions import Sessions
from tenant_app.accounts.sign_in import SignIn
from tenant_app.accounts.users import Users
from tenant_app.clock import Clock
from tenant_app.database import Database
from tenant_app.errors import Conflict, NotFound
from tenant_app.rates import SlidingRate
from tenant_app.settings import Settings

SIGN_INS_PER_MINUTE = 10
CALLS_PER_MINUTE = 3000
"""Of one tenant, searches, uploads and reads included: far above what people do, below what a loop does."""


class Accounts:
    """Users, their sign-ins, and the programs' keys of one instance."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self.security = SecurityLog(database, clock)
        self.users = Users(database, clock, seats=settings.max_users)
        self.roles = OwnRoles(database)
        self.keys = ApiKeys(database, clock, plan=settings.subscription_plan, limit=settings.max_api_keys)
        self.sessions = Sessions(
            database,
            clock,
            client_id=settings.client_id,
            key=settings.secret_key,
            former=settings.former_key,
        )
        self.links = OneTimeLinks(database, clock)
        former = [settings.former_key.key] if settings.former_key else []
        self.key_links = KeyLinks(
            self.keys, clock, client_id=settings.client_id, signing_keys=[settings.secret_key, *former]
        )
        self.outbox = Outbox(settings.data_dir, sends=settings.sends_mail)
        self.sign_in = SignIn(database, clock, self.security)
        self.anonymous_rate = SlidingRate(
            clock,
            per_minute=SIGN_INS_PER_MINUTE,
            refusal=lazy_gettext("Trop d'essais depuis votre adresse ; réessayez dans une minute."),
        )
        self.calls_rate = SlidingRate(
            clock,
            per_minute=CALLS_PER_MINUTE,
            refusal=lazy_gettext("Trop d'appels en une minute ; réessayez dans un instant."),
        )

    def ask_for_reset(self, email: str, language: str) -> None:
        """Have a link mailed to somebody who does not know their password any more, if they have an account.

        Raises Conflict where the host sends no mail: an administrator hands out links then.
        """
        if not self.outbox.sends:
            raise Conflict(
                lazy_gettext("Demandez un lien à votre administrateur : aucun e-mail ne part d'ici."),
                code="no-mail",
            )
        try:
            user = self.users.find_by_email(email)
        except NotFound:
            user = None
        if user is None or not user.active:
            self.outbox.pretend()
        else:
            self.outbox.put("reset", user.email, self.links.issue(user.id), inviter="", language=language)

    def confirm(self, actor: Actor) -> Actor:
        """Return the actor as of now; for what lasts longer than a request's start, such as a stream.

        Raises Unauthenticated when the sign-in ended meanwhile, Forbidden when the key was revoked.
        """
        if actor.session_id is not None:
            return self.sessions.actor_of_session(actor.session_id, actor.credential)
        if actor.key_id is not None:
            return self.keys.actor_of_id(actor.key_id)
        return actor
