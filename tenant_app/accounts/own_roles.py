"""The firm's own roles: named sets of permissions beside the built-in ones.

They are made of what lets people work. Managing accounts and keys stays with administrators: whoever may do
that may give themselves everything.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

from flask_babel import lazy_gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tenant_app.accounts.models import User
from tenant_app.accounts.roles import ALL_PERMISSIONS, ROLES
from tenant_app.database import Base, Database
from tenant_app.errors import Conflict, InvalidInput, NotFound

Grantable = Literal[
    "chat",
    "documents.read",
    "documents.write",
    "cases.read",
    "cases.write",
    "cases.manage",
    "usage.read",
]
GRANTABLE: Final = ALL_PERMISSIONS - {"users.manage", "keys.manage"}
MOST_ROLES: Final = 50
_NEEDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "documents.write": "documents.read",
        "cases.write": "cases.read",
        "cases.manage": "cases.read",
    }
)
"""What makes no sense without another."""
_RESERVED: Final = frozenset(
    {*ROLES, "operator", "administrateur", "membre", "lecture seule", "administrator", "read-only"}
)
"""What the built-in roles are called, in either language: nobody shall take one for another."""

assert frozenset(get_args(Grantable)) == GRANTABLE


class OwnRole(Base):
    """A role of the firm's own; users name it in ``role``. ``permissions`` are separated by spaces."""

    __tablename__ = "roles"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(unique=True)
    permissions: Mapped[str]


@dataclass(frozen=True)
class KnownRole:
    """A role one may have, and how many users do; ``id`` is None for a built-in one."""

    id: int | None
    name: str
    permissions: frozenset[str]
    users: int


class OwnRoles:
    """The roles of the instance."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_all(self) -> Sequence[KnownRole]:
        """Return the built-in roles, then the firm's own by name."""
        with self._database.read() as session:
            rows = session.execute(select(User.role, func.count()).group_by(User.role))
            counts = {row[0]: row[1] for row in rows}
            own = session.scalars(select(OwnRole).order_by(OwnRole.name_key)).all()
        built_in = [KnownRole(None, name, held, counts.get(name, 0)) for name, held in ROLES.items()]
        return [*built_in, *(_known(role, counts.get(role.name, 0)) for role in own)]

    def create(self, name: str, permissions: Collection[Grantable]) -> KnownRole:
        """Create a role.

        Raises InvalidInput for a permission without the one it needs, Conflict for a name that is taken,
        whatever its case, and when there are too many.
        """
        _accept(permissions)
        with self._database.write() as session:
            taken = session.scalar(select(OwnRole.id).where(OwnRole.name_key == name.casefold()))
            if taken is not None or name.casefold() in _RESERVED:
                raise Conflict(
                    lazy_gettext("Il y a déjà un rôle « %(name)s ».", name=name), code="role-name-taken"
                )
            if (session.scalar(select(func.count()).select_from(OwnRole)) or 0) >= MOST_ROLES:
                raise Conflict(
                    lazy_gettext("Il y a déjà %(most)s rôles : supprimez-en un d'abord.", most=MOST_ROLES),
                    code="too-many-roles",
                )
            role = OwnRole(name=name, name_key=name.casefold(), permissions=_written(permissions))
            session.add(role)
            session.flush()
        return _known(role, 0)

    def change(self, role_id: int, permissions: Collection[Grantable]) -> KnownRole:
        """Replace what a role permits, at once, for everybody who has it. Raises NotFound, InvalidInput."""
        _accept(permissions)
        with self._database.write() as session:
            role = _existing(session, role_id)
            role.permissions = _written(permissions)
            return _known(role, _users_of(session, role))

    def remove(self, role_id: int) -> None:
        """Remove a role that nobody has. Raises NotFound, Conflict."""
        with self._database.write() as session:
            role = _existing(session, role_id)
            users = _users_of(session, role)
            if users:
                raise Conflict(
                    lazy_gettext(
                        "Le rôle « %(name)s » est encore celui de %(users)s compte(s) : changez-le d'abord.",
                        users=users,
                        name=role.name,
                    ),
                    code="role-in-use",
                )
            session.delete(role)

    def id_of(self, name: str) -> int:
        """Return the id of the firm's own role of that name, whatever its case; raises NotFound."""
        with self._database.read() as session:
            role_id = session.scalar(select(OwnRole.id).where(OwnRole.name_key == name.casefold()))
        if role_id is None:
            raise NotFound(lazy_gettext("Ce rôle n'existe pas."))
        return role_id


def permissions_in(session: Session, role: str) -> frozenset[str]:
    """Return what a role permits as of now: nothing when there is no such role."""
    if role in ROLES:
        return ROLES[role]
    held = session.scalar(select(OwnRole.permissions).where(OwnRole.name == role))
    return frozenset((held or "").split())


def require_role(session: Session, role: str) -> None:
    """Let a user have the role; raises InvalidInput for one that does not exist."""
    if role not in ROLES and session.scalar(select(OwnRole.id).where(OwnRole.name == role)) is None:
        raise InvalidInput(lazy_gettext("Il n'y a pas de rôle « %(name)s ».", name=role), code="unknown-role")


def _accept(permissions: Collection[Grantable]) -> None:
    wanted = set(permissions)
    for permission, needed in _NEEDS.items():
        if permission in wanted and needed not in wanted:
            raise InvalidInput(
                lazy_gettext(
                    "La permission %(permission)s demande aussi %(needed)s.",
                    permission=permission,
                    needed=needed,
                ),
                code="incomplete-permissions",
            )


def _written(permissions: Collection[Grantable]) -> str:
    return " ".join(sorted(set(permissions)))


def _existing(session: Session, role_id: int) -> OwnRole:
    role = session.get(OwnRole, role_id)
    if role is None:
        raise NotFound(lazy_gettext("Ce rôle n'existe pas."))
    return role


def _users_of(session: Session, role: OwnRole) -> int:
    return session.scalar(select(func.count()).where(User.role == role.name)) or 0


def _known(role: OwnRole, users: int) -> KnownRole:
    return KnownRole(role.id, role.name, frozenset(role.permissions.split()), users)
