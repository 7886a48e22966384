"""When a key that another has replaced ends."""

import sqlalchemy as sa
from alembic import op

revision = "0010_key_overlap"
down_revision = "0009_shadow_vectors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no key that is there ends by itself."""
    op.add_column("api_keys", sa.Column("ends_at", sa.DateTime()))


def downgrade() -> None:
    """Drop it: a key that was about to end goes on until it is revoked."""
    op.drop_column("api_keys", "ends_at")
