"""The workbook of a result: 结果, 口径, 抽样, 原始数据. Its figures are those of the page, as numbers."""

from __future__ import annotations

from flask_babel import gettext

from analysis.report.workbook import Sheet, write_workbook
from survey_server.results.microdata import microdata_sheet
from survey_server.results.service import Results
from survey_server.results.sheets import definitions_sheet, results_sheet, sample_sheet, sheet_title
from survey_server.work import Work


def workbook_of(work: Work, results: Results) -> bytes:
    """The .xlsx as bytes."""
    return _written(results, [*_aggregates(work, results), microdata_sheet(work, results)])


def observed_workbook_of(work: Work, results: Results) -> bytes:
    """The .xlsx of a result as an observer sees it (``observed``): aggregates alone."""
    return _written(results, _aggregates(work, results))


def _aggregates(work: Work, results: Results) -> list[Sheet]:
    return [results_sheet(work, results), definitions_sheet(work, results), sample_sheet(results)]


def _written(results: Results, sheets: list[Sheet]) -> bytes:
    return write_workbook(
        sheets,
        title=sheet_title(results.study, gettext("Results")),
        created=results.computed_at.replace(tzinfo=None),
    )
