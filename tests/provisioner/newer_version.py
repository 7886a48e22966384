"""Versions of Tenantry that are yet to come, installed beside this one: its code with a migration more."""

from __future__ import annotations

import compileall
import shutil
import sys
from pathlib import Path
from typing import Final

from provisioner import __version__
from tenant_app.schema_revision import newest_revision

CODE: Final = Path(__file__).resolve().parents[2]
_PARTS: Final = ("provisioner", "tenant_app", "embedding_server", "templates", "nginx", "systemd")
_MIGRATION: Final = '''"""A table of a version to come."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    op.drop_table("wishes")
'''
WORKS: Final = 'op.create_table("wishes", sa.Column("id", sa.Integer(), primary_key=True))'
FAILS: Final = 'op.add_column("absent", sa.Column("id", sa.Integer()))'
REVISION: Final = "0999_wishes"


def install(target: Path, version: str, *, migration: str = WORKS, serves: bool = True) -> Path:
    """Install a version at a path that others can reach; one that does not serve ends as it starts."""
    for part in _PARTS:
        shutil.copytree(CODE / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CODE / "plans.yaml", target)
    _replace(target / "provisioner" / "__init__.py", __version__, version)
    text = _MIGRATION.format(revision=REVISION, before=newest_revision(), upgrade=migration)
    (target / "tenant_app" / "migrations" / "versions" / f"{REVISION}.py").write_text(text)
    if not serves:
        factory = target / "tenant_app" / "factory.py"
        factory.write_text(factory.read_text() + '\n\nraise RuntimeError("this version does not serve")\n')
    # Its clients may not write there: compiled once, not at each of their starts.
    assert compileall.compile_dir(target, quiet=1)
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o644))
    return target


def command(code: Path, *words: str) -> list[str]:
    """A command line of the version at `code`."""
    # From its own directory: `python -m` looks where it is before anywhere else.
    return ["env", f"--chdir={code}", f"PYTHONPATH={code}", sys.executable, "-m", "provisioner", *words]


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
