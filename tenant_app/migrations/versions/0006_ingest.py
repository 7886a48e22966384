"""New versions of documents, the folders their files lay in, and passages that wait for their vectors."""

import sqlalchemy as sa
from alembic import op

from tenant_app.database import UtcDateTime

revision = "0006_ingest"
down_revision = "0005_cases"
branch_labels = None
depends_on = None

_LAST_ID = "SELECT seq FROM sqlite_sequence WHERE name = 'documents'"
# Foreign keys are off while a migration runs: what hangs on the documents is removed by hand.
_FORGET_NEW_VERSIONS = (
    (
        "DELETE FROM passage_terms WHERE rowid IN (SELECT chunks.id FROM chunks "
        "JOIN documents ON documents.id = chunks.document_id WHERE replaces_id IS NOT NULL)"
    ),
    "DELETE FROM chunks WHERE document_id IN (SELECT id FROM documents WHERE replaces_id IS NOT NULL)",
    (
        "DELETE FROM document_texts WHERE document_id IN "
        "(SELECT id FROM documents WHERE replaces_id IS NOT NULL)"
    ),
    "DELETE FROM documents WHERE replaces_id IS NOT NULL",
    # The reason did not exist before.
    "UPDATE documents SET status = 'queued', error_code = NULL WHERE error_code = 'cancelled'",
)


def upgrade() -> None:
    """Add the columns and the tables."""
    last_id = op.get_bind().scalar(sa.text(_LAST_ID))
    with op.batch_alter_table("documents", table_kwargs={"sqlite_autoincrement": True}) as documents:
        documents.add_column(sa.Column("replaces_id", sa.Integer(), nullable=True))
        documents.add_column(sa.Column("folder", sa.String(), nullable=False, server_default=""))
        documents.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        documents.create_foreign_key(
            "fk_documents_replaces_id", "documents", ["replaces_id"], ["id"], ondelete="CASCADE"
        )
    _keep_counting_from(last_id)
    op.create_index("uq_documents_replaces_id", "documents", ["replaces_id"], unique=True)
    op.create_table(
        "document_versions",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("document_id", "number"),
    )
    op.create_index(
        "ix_chunks_without_vector",
        "chunks",
        ["document_id"],
        sqlite_where=sa.text("embedding_model IS NULL"),
    )


def downgrade() -> None:
    """Drop them, with the versions that had not taken the place of the old ones."""
    last_id = op.get_bind().scalar(sa.text(_LAST_ID))
    for statement in _FORGET_NEW_VERSIONS:
        op.execute(statement)
    op.drop_index("ix_chunks_without_vector", "chunks")
    op.drop_table("document_versions")
    op.drop_index("uq_documents_replaces_id", "documents")
    with op.batch_alter_table("documents", table_kwargs={"sqlite_autoincrement": True}) as documents:
        documents.drop_constraint("fk_documents_replaces_id", type_="foreignkey")
        for column in ("replaces_id", "folder", "version"):
            documents.drop_column(column)
    _keep_counting_from(last_id)


def _keep_counting_from(last_id: int | None) -> None:
    """A copied table would give the ids of documents deleted before to new ones."""
    if last_id is not None:
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'documents'")
        restore = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('documents', :last)")
        op.get_bind().execute(restore, {"last": last_id})
