"""The study of the results' tests, whose figures are worked by hand."""

from tests.survey_server.results.conftest import finished, told

__all__ = ["finished", "told"]
