"""The study of the results' tests, whose figures are worked by hand."""

from tests.survey_server.results.conftest import finished

__all__ = ["finished"]
