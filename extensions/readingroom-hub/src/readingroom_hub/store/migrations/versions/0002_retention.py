"""Statements about audit entries that were removed; answers and the clock, which the service may forget of."""

import sqlalchemy as sa
from alembic import op

from readingroom_hub.store.insert_only import make_triggers

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table and the index, and let go of what SQLite refused about the service's own memory."""
    op.create_table(
        "audit_prunings",
        sa.Column("size", sa.Integer, nullable=False, autoincrement=False),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in ("peaks", "signature")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("at", "rule", "key_id")),
        sa.PrimaryKeyConstraint("size"),
    )
    op.create_index("ix_answered_at", "answered", ["at"])
    connection = op.get_bind()
    make_triggers(connection, ("audit_prunings",))
    if connection.dialect.name == "sqlite":
        for table in ("answered", "clock"):
            connection.exec_driver_sql(f"DROP TRIGGER {table}_no_delete")
