"""What lists look rows up by, and the path of a prompt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the schema."""
    with op.batch_alter_table("charges", schema=None) as batch_op:
        batch_op.create_index("ix_charges_profile_id_id", ["profile_id", "id"], unique=False)

    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index("ix_journal_created_at", ["created_at"], unique=False)
        batch_op.create_index("ix_journal_profile_id_id", ["profile_id", "id"], unique=False)

    with op.batch_alter_table("plugin_selections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_plugin_selections_plugin"))

    with op.batch_alter_table("turns", schema=None) as batch_op:
        batch_op.add_column(sa.Column("path", sa.Text(), nullable=True))
        batch_op.create_index("ix_turns_llm_client_id_id", ["llm_client_id", "id"], unique=False)
        batch_op.create_index("ix_turns_profile_id_id", ["profile_id", "id"], unique=False)


def downgrade() -> None:
    """Change it back."""
    with op.batch_alter_table("turns", schema=None) as batch_op:
        batch_op.drop_index("ix_turns_profile_id_id")
        batch_op.drop_index("ix_turns_llm_client_id_id")
        batch_op.drop_column("path")

    with op.batch_alter_table("plugin_selections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plugin_selections_plugin"), ["plugin"], unique=False)

    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_index("ix_journal_profile_id_id")
        batch_op.drop_index("ix_journal_created_at")

    with op.batch_alter_table("charges", schema=None) as batch_op:
        batch_op.drop_index("ix_charges_profile_id_id")
