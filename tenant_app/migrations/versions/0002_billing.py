"""The ledger, and who was active in which month."""

import sqlalchemy as sa
from alembic import op

revision = "0002_billing"
down_revision = "0001_accounts"
branch_labels = None
depends_on = None

# An erased user or key is taken off its lines (ON DELETE SET NULL); nothing else of a line ever changes.
_FIXED_COLUMNS = "id, entry, reservation_id, kind, month, at, mode, tokens_in, tokens_out, cost"


def upgrade() -> None:
    """Create both tables and the triggers that keep the ledger append-only."""
    op.create_table(
        "user_activity",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "month"),
    )
    op.create_index("ix_user_activity_month", "user_activity", ["month"])
    _create_ledger()
    op.execute(
        f"CREATE TRIGGER ledger_keeps_lines BEFORE UPDATE OF {_FIXED_COLUMNS} ON ledger "
        "BEGIN SELECT RAISE(ABORT, 'a line of the ledger cannot be changed'); END"
    )
    op.execute(
        "CREATE TRIGGER ledger_loses_no_line BEFORE DELETE ON ledger "
        "BEGIN SELECT RAISE(ABORT, 'a line of the ledger cannot be deleted'); END"
    )


def _create_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("reservation_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("key_id", sa.Integer(), nullable=True),
        sa.Column("mode", sa.String(), nullable=True),
        sa.Column("tokens_in", sa.Integer(), nullable=False),
        sa.Column("tokens_out", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.CheckConstraint("entry IN ('reserved', 'settled', 'given_back')", name="ck_ledger_entry"),
        sa.CheckConstraint("kind IN ('request', 'analysis')", name="ck_ledger_kind"),
        sa.CheckConstraint("(entry = 'reserved') = (reservation_id IS NULL)", name="ck_ledger_closes"),
        sa.CheckConstraint("tokens_in >= 0 AND tokens_out >= 0 AND cost >= 0", name="ck_ledger_amounts"),
        sa.ForeignKeyConstraint(["reservation_id"], ["ledger.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reservation_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ledger_month", "ledger", ["month"])


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("ledger")
    op.drop_table("user_activity")
