"""Runs the migrations on the connection that it is given."""

from __future__ import annotations

from alembic import context

from forecourt.storage import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    transactional_ddl=True,  # all or nothing, on SQLite too
)
with context.begin_transaction():
    context.run_migrations()
