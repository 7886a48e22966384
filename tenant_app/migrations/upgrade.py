"""Runs the migrations; imported only when they are needed, because Alembic is heavy."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from tenant_app.database import Database
from tenant_app.schema_revision import MIGRATIONS


def configuration(connection: Connection) -> Config:
    """Return Alembic's configuration for these migrations over an open connection."""
    config = Config()
    # Alembic interpolates % in options; a directory name may hold one.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(database: Database) -> None:
    """Bring the file to the newest revision, creating it when absent: every missing revision, or none.

    Foreign keys are off meanwhile (SQLite changes a table by copying it) and checked before the commit.
    Whatever a migration raises is raised unchanged.
    """
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                command.upgrade(configuration(connection), "head")
                _require_whole(connection)
        finally:
            driver.execute("PRAGMA foreign_keys = ON")


def _require_whole(connection: Connection) -> None:
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise RuntimeError(f"the migration leaves {len(broken)} rows pointing at nothing")
