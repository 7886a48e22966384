"""Runs the migrations; imported only when they are needed, because Alembic is heavy."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from tenant_app.schema_revision import MIGRATIONS


def configuration(connection: Connection) -> Config:
    """Return Alembic's configuration for these migrations over an open connection."""
    config = Config()
    # Alembic interpolates % in options; a directory name may hold one.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Apply every missing revision in one transaction: all of them, or none.

    Foreign keys are off meanwhile (SQLite changes a table by copying it) and checked before the commit.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        with connection.begin():
            command.upgrade(configuration(connection), "head")
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise RuntimeError(
                    f"migration would leave {len(broken)} rows pointing at nothing: {broken[:3]}"
                )
    finally:
        driver.execute("PRAGMA foreign_keys = ON")
