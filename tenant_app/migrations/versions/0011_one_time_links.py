"""The links by which people choose their password: one at a time for each, good once."""

import sqlalchemy as sa
from alembic import op

revision = "0011_one_time_links"
down_revision = "0010_key_overlap"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "one_time_links",
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("secret_hash", sa.String(), nullable=False, unique=True),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
    )


def downgrade() -> None:
    """Drop it: links that are under way lead nowhere."""
    op.drop_table("one_time_links")
