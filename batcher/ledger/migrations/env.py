"""How Alembic reaches the ledger: over the connection that `batcher.ledger.place` opened."""

from alembic import context

from batcher.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
