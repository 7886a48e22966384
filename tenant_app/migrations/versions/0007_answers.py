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
    _create_spending()
    _create_cache()
    _create_security_events()


def _create_spending() -> None:
    op.create_table(
        "spending_holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "monthly_counts",
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", "name"),
    )


def _create_cache() -> None:
    op.create_table(
        "answer_cache",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("library_version", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "suggested_topics",
        sa.Column("library_version", sa.String(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("library_version"),
    )


def _create_security_events() -> None:
    op.create_table(
        "security_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("key_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER security_events_keep_{action.lower()} BEFORE {action} ON security_events "
            "BEGIN SELECT RAISE(ABORT, 'a security event cannot be changed'); END"
        )


def downgrade() -> None:
    """Drop them."""
    for table in ("security_events", "suggested_topics", "answer_cache", "monthly_counts", "spending_holds"):
        op.drop_table(table)
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
