"""Numbers that change with the configuration and with old messages; and what selection decided, told once for all."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WATCHED = (
    ("accounts", ()),
    ("users", ()),
    ("profiles", ()),
    # not last_used_at, which is written once a minute
    (
        "api_keys",
        ("id", "profile_id", "name", "description", "digest", "hint", "is_active", "expires_at", "updated_at"),
    ),
    ("llm_clients", ()),
    ("llm_client_keys", ()),
    ("custom_domains", ()),
    ("prices", ()),
    ("budgets", ()),
)
"""Tables whose changes count, and the columns whose changes do; none for all."""
_FUNCTION = "promptdock_configuration_changed"
_EDITED = "promptdock_messages_changed"


def upgrade() -> None:
    """Change the schema."""
    versions = op.create_table(
        "configuration_versions",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration_versions")),
    )
    op.bulk_insert(versions, [{"id": 1, "version": 1}])
    op.create_table(
        "decision_sets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decisions", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_sets")),
    )
    # as SQLite itself adds it; a batch would copy the whole table
    op.add_column("turns", sa.Column("decision_set_id", sa.Uuid(), nullable=True))
    op.add_column("sessions", sa.Column("edits", sa.Integer(), server_default=sa.text("0"), nullable=False))
    for statement in _postgresql() if op.get_bind().dialect.name == "postgresql" else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    """Change it back."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table, _ in _WATCHED:
        if is_postgresql:
            op.execute(f"DROP TRIGGER configuration_{table} ON {table}")
        else:
            for event in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER configuration_{table}_{event}")
    op.execute("DROP TRIGGER session_edits" + (" ON messages" if is_postgresql else "_update"))
    if is_postgresql:
        op.execute(f"DROP FUNCTION {_FUNCTION}()")
        op.execute(f"DROP FUNCTION {_EDITED}()")
    else:
        op.execute("DROP TRIGGER session_edits_delete")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("edits")
    with op.batch_alter_table("turns", schema=None) as batch_op:
        batch_op.drop_column("decision_set_id")
    op.drop_table("decision_sets")
    op.drop_table("configuration_versions")


def _sqlite() -> Iterator[str]:
    for table, columns in _WATCHED:
        for event in ("INSERT", "UPDATE", "DELETE"):
            of = f" OF {', '.join(columns)}" if columns and event == "UPDATE" else ""
            yield (
                f"CREATE TRIGGER configuration_{table}_{event.lower()} AFTER {event}{of} ON {table} "  # noqa: S608
                "BEGIN UPDATE configuration_versions SET version = version + 1; END"
            )
    for event in ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER session_edits_{event.lower()} AFTER {event} ON messages "  # noqa: S608
            "BEGIN UPDATE sessions SET edits = edits + 1 WHERE id = OLD.session_id; END"
        )


def _postgresql() -> Iterator[str]:
    yield (
        f"CREATE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "  # noqa: S608
        "$$ BEGIN UPDATE configuration_versions SET version = version + 1; RETURN NULL; END $$"
    )
    for table, columns in _WATCHED:
        of = f" OF {', '.join(columns)}" if columns else ""
        # at the end of the transaction: whoever changes something else at the same time waits for a moment only
        yield (
            f"CREATE CONSTRAINT TRIGGER configuration_{table} AFTER INSERT OR UPDATE{of} OR DELETE ON {table} "
            f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()"
        )
    yield (
        f"CREATE FUNCTION {_EDITED}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608
        "UPDATE sessions SET edits = edits + 1 WHERE id = OLD.session_id; RETURN NULL; END $$"
    )
    yield (f"CREATE TRIGGER session_edits AFTER UPDATE OR DELETE ON messages FOR EACH ROW EXECUTE FUNCTION {_EDITED}()")
