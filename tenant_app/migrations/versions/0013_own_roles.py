"""The firm's own roles: named sets of permissions beside the built-in ones."""

import sqlalchemy as sa
from alembic import op

revision = "0013_own_roles"
down_revision = "0012_key_limits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "roles",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False, unique=True),
        sa.Column("permissions", sa.String(), nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop it. Whoever has a role of the firm's own may only read from then on: the least there is."""
    op.execute("UPDATE users SET role = 'viewer' WHERE role NOT IN ('admin', 'member', 'viewer')")
    op.drop_table("roles")
