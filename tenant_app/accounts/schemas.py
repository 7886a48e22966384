"""The JSON bodies and answers of the accounts' routes."""

from datetime import date, datetime
from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, Field, SecretStr, model_validator

from tenant_app.accounts.actor import Actor
from tenant_app.accounts.keys import KeyTerms, NewKey
from tenant_app.accounts.links import IssuedLink
from tenant_app.accounts.models import ApiKey, SignInSession, User
from tenant_app.accounts.own_roles import Grantable, KnownRole
from tenant_app.accounts.scopes import Scope
from tenant_app.accounts.sessions import TokenPair
from tenant_app.accounts.users import Invitation
from tenant_app.validation import Body

Email = Annotated[str, Field(min_length=3, max_length=254)]
# Longer ones are refused before they are hashed; what a new one must be is judged in passwords.py.
Password = Annotated[SecretStr, Field(min_length=1, max_length=1024)]
LONGEST_OVERLAP_HOURS = 720
LARGEST_LIMIT = 1_000_000_000
_UNPADDED = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
RoleName = Annotated[str, Field(min_length=1, max_length=40, pattern=_UNPADDED)]
KeyName = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Credentials(Body):
    """An address and its password."""

    email: Email
    password: Password


class Renewal(Body):
    """A refresh token to be exchanged."""

    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class Tokens(BaseModel):
    """Tokens of a program's sign-in; ``expires_in`` is in seconds."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name, not a secret
    expires_in: int
    refresh_token: str

    @classmethod
    def of(cls, pair: TokenPair) -> Self:
        """Return the answer for a pair of tokens."""
        return cls(
            access_token=pair.access_token, expires_in=pair.expires_in, refresh_token=pair.refresh_token
        )


class Me(BaseModel):
    """Who is asking, and what they may do."""

    id: int | None
    name: str
    role: str
    permissions: list[str]
    credential: str
    scopes: list[str]
    """What an API key is limited to; none: it is not."""

    @classmethod
    def of(cls, actor: Actor) -> Self:
        """Return the answer for an actor."""
        return cls(
            id=actor.user_id,
            name=actor.name,
            role=actor.role,
            permissions=sorted(actor.permissions),
            credential=actor.credential,
            scopes=sorted(actor.scopes),
        )


class PasswordChange(Body):
    """One's own new password, proved by the present one."""

    current_password: Password
    new_password: Password


class SessionView(BaseModel):
    """A sign-in of one's own; ``current`` is the one that asks. Ended ones are kept until they expire."""

    id: str
    kind: Literal["browser", "program"]
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    current: bool

    @classmethod
    def of(cls, session: SignInSession, current: str | None) -> Self:
        """Return the answer for a sign-in."""
        return cls(
            id=session.id,
            kind="browser" if session.cookie_hash else "program",
            created_at=session.created_at,
            expires_at=session.expires_at,
            ended_at=session.revoked_at,
            current=session.id == current,
        )


class SessionList(BaseModel):
    """One's own sign-ins that are still good, newest first."""

    sessions: list[SessionView]


class NewUser(Body):
    """A user to create: with this password, with a link to choose one, or else with one generated."""

    email: Email
    role: RoleName
    password: Password | None = None
    link: bool = False

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.link and self.password is not None:
            raise ValueError("either a password or a link")
        return self


class ChosenPassword(Body):
    """The password of whoever holds a link."""

    token: Annotated[SecretStr, Field(min_length=1, max_length=200)]
    new_password: Password


class UsedLink(Body):
    """A link, by its secret."""

    token: Annotated[SecretStr, Field(min_length=1, max_length=2000)]


class ForgottenPassword(Body):
    """Who wants to choose a new password."""

    email: Email


class UserChange(Body):
    """What may be changed of a user."""

    role: RoleName | None = None
    active: bool | None = None


class UserView(BaseModel):
    """A user as shown to an admin."""

    id: int
    email: str
    role: str
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        """Return the answer for a user."""
        return cls(
            id=user.id, email=user.email, role=user.role, active=user.active, created_at=user.created_at
        )


class LinkView(BaseModel):
    """A link to hand over: good once, until then. The secret in it stands behind `#`, which no log sees.

    ``mailed`` says whether it is also on its way to the person by mail.
    """

    url: str
    expires_at: datetime
    mailed: bool

    @classmethod
    def of(cls, link: IssuedLink, public_url: str, *, mailed: bool) -> Self:
        """Return the answer for a link of this instance."""
        url = f"{public_url}/welcome#{link.secret.get_secret_value()}"
        return cls(url=url, expires_at=link.expires_at, mailed=mailed)


class InvitedUser(UserView):
    """A new user; ``password`` is the generated one, never shown again, or null when it is chosen.

    ``link`` is there when one was asked for.
    """

    password: str | None
    link: LinkView | None = None

    @classmethod
    def invited(cls, invitation: Invitation) -> Self:
        """Return the answer for a new user with a password."""
        shown = invitation.password.get_secret_value() if invitation.password else None
        return cls(**UserView.of(invitation.user).model_dump(), password=shown)

    @classmethod
    def with_link(cls, user: User, link: LinkView) -> Self:
        """Return the answer for a new user who will choose a password."""
        return cls(**UserView.of(user).model_dump(), password=None, link=link)


class UserList(BaseModel):
    """Every user, and how many seats the plan has."""

    users: list[UserView]
    seats: int


class RolePermissions(Body):
    """What a role of the firm's own permits; see the list of roles for what it can be made of."""

    permissions: Annotated[list[Grantable], Field(min_length=1, max_length=20)]


class NewRole(RolePermissions):
    """A role to create."""

    name: RoleName


class RoleView(BaseModel):
    """A role, and how many users have it; ``id`` is null for a built-in one, which cannot be changed."""

    id: int | None
    name: str
    permissions: list[str]
    users: int

    @classmethod
    def of(cls, role: KnownRole) -> Self:
        """Return the answer for a role."""
        return cls(id=role.id, name=role.name, permissions=sorted(role.permissions), users=role.users)


class RoleList(BaseModel):
    """Every role, and the permissions that one of the firm's own can be made of."""

    roles: list[RoleView]
    grantable: list[str]


class KeyLimits(Body):
    """What a key may be limited to: without scopes, all that a member may; null: no limit.

    ``expires_on`` is its last day, in UTC; ``requests_monthly`` and ``requests_per_minute`` are its own,
    beside the plan's.
    """

    scopes: Annotated[tuple[Scope, ...], Field(max_length=3)] = ()
    expires_on: date | None = None
    requests_monthly: Annotated[int, Field(ge=1, le=LARGEST_LIMIT)] | None = None
    requests_per_minute: Annotated[int, Field(ge=1, le=LARGEST_LIMIT)] | None = None

    def terms(self) -> KeyTerms:
        """Return them as the keys know them."""
        return KeyTerms(
            frozenset(self.scopes), self.expires_on, self.requests_monthly, self.requests_per_minute
        )


class NewApiKey(KeyLimits):
    """A key to create."""

    name: KeyName


class KeyOverlap(Body):
    """For how many hours a key that is replaced goes on beside the new one; 0: it ends at once."""

    overlap_hours: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP_HOURS)] = 24


class KeyView(BaseModel):
    """A key as it is listed: its beginning only."""

    id: int
    name: str
    hint: str
    created_at: datetime
    ends_at: datetime | None
    """When it ends by itself, because another has replaced it."""
    scopes: list[Scope]
    expires_on: date | None
    requests_monthly: int | None
    requests_per_minute: int | None
    last_used_at: datetime | None
    """To the minute; null: never."""

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """Return the answer for a key."""
        return cls(
            id=key.id,
            name=key.name,
            hint=key.hint,
            created_at=key.created_at,
            ends_at=key.ends_at,
            scopes=cast(list[Scope], key.scopes.split()),
            expires_on=key.expires_on,
            requests_monthly=key.requests_monthly,
            requests_per_minute=key.requests_per_minute,
            last_used_at=key.last_used_at,
        )


class CreatedKey(KeyView):
    """A new key, whole: this is the only time it is shown."""

    key: str

    @classmethod
    def created(cls, new: NewKey) -> Self:
        """Return the answer for a new key."""
        return cls(**KeyView.of(new.record).model_dump(), key=new.secret)


class KeyList(BaseModel):
    """The live keys, and how many the plan allows (null: any number)."""

    keys: list[KeyView]
    limit: int | None
