"""Fewer indexes for each request to keep: none of what other indexes tell as well, and no rows that are nobody's.

To drop an index takes no time; to make one anew without its rows that are nobody's reads its table once, and sorts what
is left. Nobody writes meanwhile.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NEEDLESS = (
    # ids sort by time
    ("journal", "ix_journal_created_at", ("created_at",)),
    ("charges", "ix_charges_account_id_created_at", ("account_id", "created_at")),
    ("turn_logs", "ix_turn_logs_created_at", ("created_at",)),
    # what runs is little, and has an index of its own
    ("turns", "ix_turns_worker_id_state", ("worker_id", "state")),
    # it holds what is under way
    ("reservations", "ix_reservations_worker_id", ("worker_id",)),
)
_OF_SOMEBODY = (
    ("charges", "ix_charges_account_id_id", ("account_id", "id")),
    ("charges", "ix_charges_llm_client_id_id", ("llm_client_id", "id")),
    ("charges", "ix_charges_profile_id_id", ("profile_id", "id")),
    ("charges", "ix_charges_turn_id", ("turn_id",)),
    ("journal", "ix_journal_account_id_id", ("account_id", "id")),
    ("journal", "ix_journal_profile_id_id", ("profile_id", "id")),
    ("sessions", "ix_sessions_profile_id", ("profile_id",)),
    ("turns", "ix_turns_account_id_id", ("account_id", "id")),
    ("turns", "ix_turns_llm_client_id_id", ("llm_client_id", "id")),
    ("turns", "ix_turns_profile_id_id", ("profile_id", "id")),
    ("turns", "ix_turns_session_id_number", ("session_id", "number")),
)
"""Indexes of rows whose first column says something."""


def upgrade() -> None:
    """Change the schema."""
    for table, name, _ in _NEEDLESS:
        op.drop_index(name, table_name=table)
    for table, name, columns in _OF_SOMEBODY:
        op.drop_index(name, table_name=table)
        told = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(name, table, columns, unique=False, sqlite_where=told, postgresql_where=told)


def downgrade() -> None:
    """Change it back."""
    for table, name, columns in _OF_SOMEBODY:
        op.drop_index(name, table_name=table)
        op.create_index(name, table, columns, unique=False)
    for table, name, columns in _NEEDLESS:
        op.create_index(name, table, columns, unique=False)
