"""What is known of each sentence of an answer and what readers say of it; budget, cache and abuse."""

import sqlalchemy as sa
from alembic import op

revision = "0007_answers"
down_revision = "0006_ingest"
branch_labels = None
depends_on = None

_LAST_ID = "SELECT seq FROM sqlite_sequence WHERE name = 'conversations'"
_TURN_COLUMNS = ("sentences", "near_misses", "rating", "comment", "rated_at")


def upgrade() -> None:
    """Add the columns and the tables."""
    last_id = op.get_bind().scalar(sa.text(_LAST_ID))
    with op.batch_alter_table("conversations", table_kwargs={"sqlite_autoincrement": True}) as conversations:
        conversations.add_column(sa.Column("case_id", sa.Integer(), nullable=True))
        conversations.create_foreign_key(
            "fk_conversations_case_id", "cases", ["case_id"], ["id"], ondelete="CASCADE"
        )
    _keep_counting_from(last_id)
    op.create_index("ix_conversations_case_id", "conversations", ["case_id"])
    op.add_column("turns", sa.Column("sentences", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("turns", sa.Column("near_misses", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("turns", sa.Column("rating", sa.String(), nullable=True))
    op.add_column("turns", sa.Column("comment", sa.String(), nullable=False, server_default=""))
    op.add_column("turns", sa.Column("rated_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    for column in _TURN_COLUMNS:
        op.drop_column("turns", column)
    op.drop_index("ix_conversations_case_id", "conversations")
    last_id = op.get_bind().scalar(sa.text(_LAST_ID))
    with op.batch_alter_table("conversations", table_kwargs={"sqlite_autoincrement": True}) as conversations:
        conversations.drop_constraint("fk_conversations_case_id", type_="foreignkey")
        conversations.drop_column("case_id")
    _keep_counting_from(last_id)


def _keep_counting_from(last_id: int | None) -> None:
    """A copied table would give the ids of conversations deleted before to new ones."""
    if last_id is not None:
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'conversations'")
        restore = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('conversations', :last)")
        op.get_bind().execute(restore, {"last": last_id})
