"""Alembic's entry point: the connection is always handed over by ``upgrade.py``."""

from alembic import context

from tenant_app.database import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
context.run_migrations()
