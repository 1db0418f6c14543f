"""Alembic's entry: run the migrations on the connection that `open_store` hands over."""

from alembic import context
from sqlalchemy import Connection

from bursar.store.schema import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
