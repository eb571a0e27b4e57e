"""How Alembic reaches the database; :func:`survey_server.db.migrate` calls it."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import survey_server.accounts.models
import survey_server.audit.models
import survey_server.fieldwork.models
import survey_server.outbox
import survey_server.privacy.models
import survey_server.rosters.models
import survey_server.samples.models
import survey_server.studies.models
import survey_server.submissions.models  # noqa: F401 - a table is known once its module is read
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
