"""The study whose figures can be worked by hand."""

from __future__ import annotations

from tests.survey_server.results.conftest import finished  # noqa: F401 - a fixture
