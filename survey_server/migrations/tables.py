"""Every table: reading this module makes them known."""

from __future__ import annotations

import survey_server.accounts.models
import survey_server.audit.models
import survey_server.cards.models
import survey_server.closing.models
import survey_server.exports.models
import survey_server.fieldwork.calls
import survey_server.fieldwork.models
import survey_server.findings.models
import survey_server.imports.models
import survey_server.keyring
import survey_server.operations.chores
import survey_server.outbox
import survey_server.privacy.bureaus
import survey_server.privacy.models
import survey_server.public.models
import survey_server.reports.models
import survey_server.rights.models
import survey_server.rosters.models
import survey_server.samples.models
import survey_server.scores.models
import survey_server.studies.models
import survey_server.submissions.models
import survey_server.workpapers.models  # noqa: F401 - a table is known once its module is read
