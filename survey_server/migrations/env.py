"""How Alembic reaches the database; :func:`survey_server.db.migrate` calls it."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import survey_server.migrations.tables  # noqa: F401 - every table is known once this is read
from survey_server.db import Database

database = Database(context.config.attributes["url"])
with database.writer.begin() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=database.is_sqlite,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
database.dispose()
