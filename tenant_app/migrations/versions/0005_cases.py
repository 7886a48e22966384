"""Cases, who may see them, and documents that belong to one; the same content may be in several cases."""

import sqlalchemy as sa
from alembic import op

revision = "0005_cases"
down_revision = "0004_conversations"
branch_labels = None
depends_on = None

_LAST_ID = "SELECT seq FROM sqlite_sequence WHERE name = 'documents'"
# Foreign keys are off while a migration runs: what hangs on the documents is removed by hand.
_FORGET_CASES = (
    (
        "DELETE FROM passage_terms WHERE rowid IN (SELECT chunks.id FROM chunks "
        "JOIN documents ON documents.id = chunks.document_id WHERE case_id IS NOT NULL)"
    ),
    "DELETE FROM chunks WHERE document_id IN (SELECT id FROM documents WHERE case_id IS NOT NULL)",
    "DELETE FROM document_texts WHERE document_id IN (SELECT id FROM documents WHERE case_id IS NOT NULL)",
    "DELETE FROM documents WHERE case_id IS NOT NULL",
)


def upgrade() -> None:
    """Create the tables and give documents a case."""
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("status IN ('open', 'closed')", name="ck_cases_status"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "case_members",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", "user_id"),
    )
    op.create_index("ix_case_members_user_id", "case_members", ["user_id"])
    last_id = op.get_bind().scalar(sa.text(_LAST_ID))
    with op.batch_alter_table("documents", table_kwargs={"sqlite_autoincrement": True}) as documents:
        documents.drop_constraint("uq_documents_sha256", type_="unique")
        documents.add_column(sa.Column("case_id", sa.Integer(), nullable=True))
        documents.create_foreign_key("fk_documents_case_id", "cases", ["case_id"], ["id"])
    _keep_counting_from(last_id)
    op.create_index("ix_documents_case_id", "documents", ["case_id"])
    op.create_index(
        "uq_documents_firm", "documents", ["sha256"], unique=True, sqlite_where=sa.text("case_id IS NULL")
    )
    op.create_index("uq_documents_case", "documents", ["sha256", "case_id"], unique=True)


def downgrade() -> None:
    """Drop them, with the documents of cases: without their case, everybody could read them."""
    last_id = op.get_bind().scalar(sa.text(_LAST_ID))
    for statement in _FORGET_CASES:
        op.execute(statement)
    for index in ("uq_documents_case", "uq_documents_firm", "ix_documents_case_id"):
        op.drop_index(index, "documents")
    with op.batch_alter_table("documents", table_kwargs={"sqlite_autoincrement": True}) as documents:
        documents.drop_constraint("fk_documents_case_id", type_="foreignkey")
        documents.drop_column("case_id")
        documents.create_unique_constraint("uq_documents_sha256", ["sha256"])
    _keep_counting_from(last_id)
    op.drop_table("case_members")
    op.drop_table("cases")


def _keep_counting_from(last_id: int | None) -> None:
    """A copied table would give the ids of documents deleted before to new ones."""
    if last_id is not None:
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'documents'")
        restore = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('documents', :last)")
        op.get_bind().execute(restore, {"last": last_id})
