"""Vectors of the embedding model that is to come, while those of the present one answer."""

import sqlalchemy as sa
from alembic import op

revision = "0009_shadow_vectors"
down_revision = "0008_analyses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "shadow_vectors",
        sa.Column("chunk_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["chunk_id"], ["chunks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chunk_id"),
    )


def downgrade() -> None:
    """Drop it: the vectors can be computed again."""
    op.drop_table("shadow_vectors")
