"""Run by Alembic: migrates over the connection that it is given, inside its transaction."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    render_as_batch=True,
    render_item=context.config.attributes.get("render_item", lambda *_: False),
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
