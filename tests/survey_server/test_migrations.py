"""The migrations make the very tables that the models describe."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

import survey_server.migrations.tables  # noqa: F401 - every table is known
from survey_server.work import Services


def test_a_migrated_database_is_what_the_models_say(services: Services) -> None:
    """Tables, columns, types, keys and indexes: nothing is missing, nothing is left over."""
    with services.database.writer.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, SQLModel.metadata)
    assert differences == []
