"""What Alembic runs: it gets its connection from `adapters.migrations.migrate`."""

from alembic import context

from adapters.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=False
)
context.run_migrations()
