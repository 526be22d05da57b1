"""Invitations of guests and what happened to them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from readingroom_hub.store.insert_only import make_triggers

revision = "0003"
down_revision = "0002"

_OF_INVITATIONS = ("invitation_id", "at", "grant_id", "person", "name", "email", "inviter", "link_digest", "code_digest",
                   "expires")  # fmt: skip
_OF_EVENTS = ("invitation_id", "at", "kind", "browser_digest", "code_digest")


def upgrade() -> None:
    """Make both tables with their indexes, and have SQLite refuse changes."""
    op.create_table("invitations", *_texts(_OF_INVITATIONS), sa.PrimaryKeyConstraint("invitation_id"))
    op.create_index("ix_invitations_link_digest", "invitations", ["link_digest"])
    number: sa.Column[Any] = sa.Column("number", sa.Integer, nullable=False, autoincrement=False)
    key = sa.PrimaryKeyConstraint("invitation_id", "number")
    op.create_table("invitation_events", *_texts(_OF_EVENTS), number, key)
    op.create_index("ix_invitation_events_browser_digest", "invitation_events", ["browser_digest"])
    make_triggers(op.get_bind(), ("invitations", "invitation_events"))


def _texts(names: tuple[str, ...]) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]
