"""The coded answers for SPSS, Stata and as CSV, and the codebook that says what each column is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from flask_babel import gettext

from analysis.report.statistical import Variable, write_csv, write_dta, write_sav
from analysis.report.workbook import Column, Sheet, write_workbook
from survey_server.errors import Problem, ZoufangError
from survey_server.results.deidentify import Removed, deidentified
from survey_server.results.drawings import (
    as_png,
    groups_chart,
    importance_chart,
    modes_chart,
    options_chart,
    scale_chart,
    words_chart,
)
from survey_server.results.microdata import WITHOUT, Answer, coded_answers, left_out
from survey_server.results.questions import Questions
from survey_server.results.service import Results
from survey_server.results.sheets import practice_notes, sheet_title
from survey_server.work import Work

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FACTS = ("sample_id", "stratum", "county", "category", "unit", "channel", "outcome", "headline", "weight")


@dataclass(frozen=True)
class Coded:
    """The de-identified coded answers: a row a counted case, what each column is, and what was taken out."""

    table: pd.DataFrame
    variables: list[Variable]
    removed: Removed


def coded_table(work: Work, results: Results) -> Coded:
    """Facts and weight of each counted case, then its answers as numbers where their codes are numbers."""
    cases, answers, cells = coded_answers(work, results)
    facts = pd.DataFrame({name: [case[name] for case in cases] for name in FACTS}, columns=list(FACTS))
    facts["headline"] = facts["headline"].astype(float)
    given = pd.DataFrame(cells, columns=[answer.code for answer in answers], dtype=object)
    given = given[[name for name in given if name not in FACTS]]  # a form calculates its outcome too
    table = pd.concat([facts, given.apply(_numbers)], axis=1)
    kept = [answer for answer in answers if answer.code not in FACTS]
    variables = [*_fact_variables(), *(_variable(answer, table[answer.code]) for answer in kept)]
    safe, removed = deidentified(table, FACTS, left_out(work, results))
    return Coded(safe, variables, removed)


def sav_file(work: Work, results: Results) -> bytes:
    """For SPSS."""
    coded = coded_table(work, results)
    title = sheet_title(results.study, gettext("Coded answers of the counted cases"))
    return write_sav(coded.table, coded.variables, title, coded.removed.text)


def dta_file(work: Work, results: Results) -> bytes:
    """For Stata."""
    coded = coded_table(work, results)
    return write_dta(coded.table, coded.variables, "Zoufang")


def csv_file(work: Work, results: Results) -> bytes:
    """For everything else."""
    return write_csv(coded_table(work, results).table)


def codebook_file(work: Work, results: Results) -> bytes:
    """What each column is, what its codes mean, and how many cases have each."""
    coded = coded_table(work, results)
    columns = [
        Column(gettext("Column"), width=26),
        Column(gettext("What it says"), width=60),
        Column(gettext("Code"), width=10),
        Column(gettext("What the code means"), width=36),
        Column(gettext("Cases"), "integer"),
        Column(gettext("No answer (1 yes)"), "integer"),
    ]
    rows = [row for variable in coded.variables for row in _codebook_rows(variable, coded.table[variable.name])]
    notes = [*practice_notes(results.study), gettext(WITHOUT), coded.removed.text]
    sheet = Sheet("编码本", columns, rows, title=sheet_title(results.study, gettext("Codebook")), notes=notes, freeze=1)
    return write_workbook([sheet], title=gettext("Codebook"), created=results.computed_at.replace(tzinfo=None))


def scale_png(_work: Work, results: Results) -> bytes:
    """The classes of satisfaction as a picture."""
    return as_png(scale_chart(_asked(results)))


def improve_png(_work: Work, results: Results) -> bytes:
    """What should be improved, as a picture."""
    return as_png(options_chart(_asked(results).improve))


def channels_png(_work: Work, results: Results) -> bytes:
    """From where people know of the policies, as a picture."""
    return as_png(options_chart(_asked(results).heard_from))


def groups_png(_work: Work, results: Results) -> bytes:
    """The headline by county and category, as a picture."""
    return _picture(groups_chart(results))


def modes_png(_work: Work, results: Results) -> bytes:
    """Channel against channel, as a picture."""
    return _picture(modes_chart(_asked(results)))


def unhappy_png(_work: Work, results: Results) -> bytes:
    """What those want improved who are not satisfied, as a picture."""
    return _picture(options_chart(_asked(results).unhappy))


def importance_png(_work: Work, results: Results) -> bytes:
    """The grid of importance and performance, as a picture."""
    found = _asked(results).importance
    return _picture(importance_chart(found) if found else "")


def words_png(_work: Work, results: Results) -> bytes:
    """The words of open answers, as a picture."""
    return _picture(words_chart(results.open_answers) if results.open_answers else "")


def _picture(svg: str) -> bytes:
    if not svg:
        raise ZoufangError(Problem.NOT_FOUND)
    return as_png(svg)


def _asked(results: Results) -> Questions:
    if results.questions is None or not results.questions.scales:
        raise ZoufangError(Problem.NOT_FOUND)
    return results.questions


FILES: Mapping[str, tuple[str, Callable[[Work, Results], bytes]]] = {
    "answers.sav": ("application/octet-stream", sav_file),
    "answers.dta": ("application/octet-stream", dta_file),
    "answers.csv": ("text/csv; charset=utf-8", csv_file),
    "codebook.xlsx": (XLSX, codebook_file),
    "satisfaction.png": ("image/png", scale_png),
    "improve.png": ("image/png", improve_png),
    "known-from.png": ("image/png", channels_png),
    "groups.png": ("image/png", groups_png),
    "modes.png": ("image/png", modes_png),
    "unhappy.png": ("image/png", unhappy_png),
    "importance.png": ("image/png", importance_png),
    "words.png": ("image/png", words_png),
}


def _numbers(column: pd.Series) -> pd.Series:
    """Numbers where every answer is one, else text."""
    if all(value is None or isinstance(value, int) for value in column):
        return column.astype("Float64").astype(float)
    return column.map(lambda value: None if value is None else str(value))


def _variable(answer: Answer, column: pd.Series) -> Variable:
    if answer.option:
        return Variable(answer.code, answer.label, {1: gettext("chosen"), 0: gettext("not chosen")})
    if column.dtype != float:
        return Variable(answer.code, answer.label)
    labels = {int(code): name for code, name in answer.choices if code.isdecimal()}
    return Variable(answer.code, answer.label, labels, tuple(sorted(int(code) for code in answer.missing)))


def _fact_variables() -> list[Variable]:
    labels = (
        gettext("Sample number"),
        gettext("Stratum"),
        gettext("County"),
        gettext("Category code"),
        gettext("Household or person"),
        gettext("Channel"),
        gettext("Outcome code"),
        gettext("In the headline domain (1 yes)"),
        gettext("Weight"),
    )
    return [Variable(name, label) for name, label in zip(FACTS, labels, strict=True)]


def _codebook_rows(variable: Variable, column: pd.Series) -> list[Sequence[Any]]:
    if not variable.labels:
        return [[variable.name, variable.label, "", "", int(column.notna().sum()), None]]
    counts = column.value_counts()
    return [
        [variable.name, variable.label, str(code), name, int(counts.get(code, 0)), int(code in variable.missing)]
        for code, name in variable.labels.items()
    ]
