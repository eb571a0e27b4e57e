"""The workbook to hand out: figures, the common tables T1 to T10 with Excel's own charts, and the coded answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from flask_babel import gettext

from analysis.report.document import Table
from analysis.report.native import Chart
from analysis.report.statistical import Variable
from analysis.report.widths import fitted
from analysis.report.workbook import Column, Sheet, write_workbook
from survey_server.exports.guarding import guarded
from survey_server.reports.service import SCORES, in_order
from survey_server.reports.tables import TABLES, score_table
from survey_server.results.deidentify import Removed
from survey_server.results.files import Coded, coded_table
from survey_server.results.observed import observed
from survey_server.results.service import Results
from survey_server.results.sheets import definitions_sheet, practice_notes, results_sheet, sample_sheet, sheet_title
from survey_server.scores.sheet import card_of
from survey_server.work import Work

LABELS, CODES = "labels", "codes"
WORDS = "T10"
AS_IT_STANDS = frozenset({SCORES, WORDS})
"""Points are no counts of people, and words are told from five people on."""
Tell = Callable[[int], None]


@dataclass(frozen=True)
class Made:
    """A file and what was taken out of it."""

    content: bytes
    removed: Removed


def workbook_file(work: Work, results: Results, words: str, tell: Tell) -> Made:
    """The .xlsx; cells of the answers as words or as codes."""
    tables = table_sheets(work, results)
    tell(1)
    coded = coded_table(work, results)
    tell(2)
    shown = observed(results)
    figures = [results_sheet(work, shown), definitions_sheet(work, shown), sample_sheet(shown)]
    sheets = [about_sheet(results, coded.removed, tables), *figures, *tables, answers_sheet(results, coded, words)]
    content = write_workbook(
        sheets,
        title=sheet_title(results.study, gettext("Results")),
        created=results.computed_at.replace(tzinfo=None),
    )
    return Made(content, coded.removed)


def common_tables(work: Work, results: Results) -> dict[str, Table]:
    """T1 to T10 by name, in their order, each as it may be handed out."""
    found = {name: make(results) for name, make in TABLES.items()}
    found[SCORES] = score_table(results, card_of(work, results.study.id))
    found.setdefault(WORDS, words_table(results))
    safe = {name: table if name in AS_IT_STANDS else guarded(table)[0] for name, table in found.items() if table.rows}
    return dict(sorted(safe.items(), key=lambda pair: in_order(pair[0])))


def words_table(results: Results) -> Table:
    """T10: the words of the open answers."""
    columns = [Column(gettext("Word"), width=20), Column(gettext("People"), "integer")]
    note = gettext("Names, numbers and places are left out, and words that fewer than five people used.")
    return Table(gettext("Open answers by keyword"), columns, [[*pair] for pair in results.open_answers], [note])


def table_sheets(work: Work, results: Results) -> list[Sheet]:
    """A sheet each, by its name, with its charts."""
    return [
        Sheet(
            name,
            fitted(table),
            table.rows,
            title=sheet_title(results.study, table.caption),
            notes=[*practice_notes(results.study), *table.notes],
            freeze=1,
            charts=_charts(name, table),
        )
        for name, table in common_tables(work, results).items()
    ]


def about_sheet(results: Results, removed: Removed, tables: Sequence[Sheet]) -> Sheet:
    """What is in the workbook, from when, and what was taken out."""
    rows = [
        [gettext("Study"), results.study.name],
        [gettext("Computed"), f"{results.computed_at:%Y-%m-%d %H:%M} UTC"],
        [gettext("Taken out"), removed.text],
        [gettext("Small cells"), gettext("Counts under 5, and those that would give one away, are blank.")],
        *([sheet.name, sheet.title.rpartition(" · ")[2]] for sheet in tables),
    ]
    columns = [Column(gettext("What"), width=18), Column(gettext("Says"), width=100)]
    return Sheet("说明", columns, rows, title=sheet_title(results.study, gettext("What this workbook holds")))


def answers_sheet(results: Results, coded: Coded, words: str) -> Sheet:
    """One row a counted case; the header has label and name of each column, its note what the codes mean."""
    table = worded(coded) if words == LABELS else coded.table
    columns = [_column(variable, table[variable.name]) for variable in coded.variables]
    values = [
        table[variable.name].astype(object).where(table[variable.name].notna(), None) for variable in coded.variables
    ]
    return Sheet(
        "原始数据",
        columns,
        list(zip(*(column.tolist() for column in values), strict=True)),
        title=sheet_title(results.study, gettext("Coded answers of the counted cases")),
        notes=[*practice_notes(results.study), coded.removed.text],
        freeze=1,
    )


def worded(coded: Coded) -> pd.DataFrame:
    """The table with the words of an answer where its question has words for its codes."""
    table = coded.table.copy()
    for variable in coded.variables:
        if variable.labels:
            names: dict[Any, str] = {float(code): name for code, name in variable.labels.items()}
            given = table[variable.name]
            table[variable.name] = given.map(names).astype(object).where(given.notna(), None)
    return table


def without_words(coded: Coded) -> Coded:
    """The same for a file without labels of its own, such as CSV, in words."""
    return replace(coded, table=worded(coded))


def _column(variable: Variable, values: pd.Series) -> Column:
    header = f"{variable.label}\n{variable.name}"
    note = "；".join(f"{code} {name}" for code, name in variable.labels.items())
    if not pd.api.types.is_numeric_dtype(values):
        return Column(header, "text", 16, 0, note)
    whole = bool((values.dropna() % 1 == 0).all())
    return Column(header, "integer" if whole else "number", 16, 6, note)


def _charts(name: str, table: Table) -> list[Chart]:
    """Excel's own charts of the tables that have something to draw; nothing is drawn of what was blanked."""
    return [chart for chart in _wanted(name, table) if _can_be_drawn(chart, table)]


def _wanted(name: str, table: Table) -> list[Chart]:
    percents = [at for at, column in enumerate(table.columns) if column.kind == "percent"]
    counts = [at for at, column in enumerate(table.columns) if column.kind == "integer"]
    if name == "T4" and len(counts) >= 5:
        return [
            Chart("stacked", table.caption, 0, counts[:5]),
            Chart("bar", table.columns[percents[0]].header, 0, [percents[0]], (percents[1], percents[2])),
        ]
    if name in {"T4county", "T5", "T6"} and len(percents) >= 3:
        names = 1 if name == "T4county" else 0
        return [Chart("bar", table.caption, names, [percents[0]], (percents[1], percents[2]))]
    if name == WORDS:
        return [Chart("bar", table.caption, 0, [1], rows=20)]
    return []


def _can_be_drawn(chart: Chart, table: Table) -> bool:
    """Parts of a whole only where none is blank; else where there is a value at all."""
    given = [row[at] is not None for row in table.rows for at in chart.values]  # noqa: PD011 - no frame
    return all(given) if chart.kind == "stacked" else any(given)
