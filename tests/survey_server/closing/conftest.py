"""The application of the rights' tests, with answers."""

from __future__ import annotations

from tests.survey_server.rights.conftest import office, rights_template

__all__ = ["office", "rights_template"]
