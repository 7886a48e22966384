"""What limits an API key: scopes, a last day, a quota and a pace of its own; and when it was last used."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012_key_limits"
down_revision = "0011_one_time_links"
branch_labels = None
depends_on = None

_OPTIONAL: dict[str, sa.types.TypeEngine[Any]] = {
    "expires_on": sa.Date(),
    "requests_monthly": sa.Integer(),
    "requests_per_minute": sa.Integer(),
    "last_used_at": sa.DateTime(),
    "first_id": sa.Integer(),
}


def upgrade() -> None:
    """Add the columns; no key that is there is limited. A key's own units are found by the index."""
    op.add_column("api_keys", sa.Column("scopes", sa.String(), nullable=False, server_default=""))
    for name, kind in _OPTIONAL.items():
        op.add_column("api_keys", sa.Column(name, kind))
    op.create_index("ix_ledger_key", "ledger", ["key_id", "month"])


def downgrade() -> None:
    """Drop them. A key that was limited would be good for everything: it is revoked instead."""
    op.execute(
        "UPDATE api_keys SET revoked_at = CURRENT_TIMESTAMP WHERE revoked_at IS NULL AND (scopes <> ''"
        " OR expires_on IS NOT NULL OR requests_monthly IS NOT NULL OR requests_per_minute IS NOT NULL)"
    )
    op.drop_index("ix_ledger_key", "ledger")
    for name in ("scopes", *_OPTIONAL):
        op.drop_column("api_keys", name)
