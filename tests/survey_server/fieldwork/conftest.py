"""A drawn sample on each kind of database."""

from __future__ import annotations

import pytest

from survey_server.work import Services
from tests.support.studies import DrawnStudy
from tests.survey_server.fieldwork.a_sample import drawn_sample


@pytest.fixture
def drawn(services: Services) -> DrawnStudy:
    """Ten of twelve households in five villages, and two reserves."""
    return drawn_sample(services)
