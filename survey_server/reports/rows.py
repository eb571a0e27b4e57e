"""From the reference of a row of a table (T1 to T4, T7, T8) to the row, and the cases or the source behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import pandas as pd

from analysis.report.document import Table, printed
from survey_server.errors import Problem, ZoufangError
from survey_server.reports.pinning import software
from survey_server.reports.service import SCORES
from survey_server.reports.tables import ROWS, TABLES, accuracy_rows, accuracy_table, score_rows, score_table
from survey_server.results.accuracy import METRICS
from survey_server.results.references import Reference, TableRow, named_results, read_reference, reference
from survey_server.results.service import Results
from survey_server.results.trace import receipts_of
from survey_server.scores.parts import counties_in, programmes_in
from survey_server.scores.sheet import Card, Source, card_of
from survey_server.studies.models import Study
from survey_server.work import Work

GROUPS = {"county": "county", "category": "category_name", "unit": "unit", "channel": "channel"}
FACTS = ["county", "category_name", "channel", "outcome", "outcome_class", "weight", "counted", "submission_id"]
Cards = Callable[[str], Card]


@dataclass(frozen=True)
class Behind:
    """A row as it is printed, header and cell, and what is behind it.

    ``cases`` has FACTS and ``said`` (the code of the question, or the verdict of the findings) by sample number; it is
    None for a score, which has a ``source`` instead, and the ``figure`` that it was computed from by its reference.
    """

    row: TableRow
    table: Table
    cells: Sequence[Any]
    cases: pd.DataFrame | None = None
    source: Source | None = None
    figure: str = ""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Header and cell in print, without the reference itself."""
        named = zip(self.table.columns[:-1], self.cells, strict=True)
        return [(column.header, printed(cell, column)) for column, cell in named]


def row_named(results: Results, cards: Cards, wanted: Reference) -> Behind | None:
    """The row of a reference in what a result prints; ``cards`` scores a part by its key. None where there is none."""
    study_id = results.study.id
    for name, rows in ROWS.items():
        for row, cells in rows(results):
            if reference(study_id, row) == wanted.name:
                return Behind(row, TABLES[name](results), cells, cases=_cases(results, row))
    for row, cells in chain.from_iterable(accuracy_rows(results, *group) for group in _groups(results)):
        if reference(study_id, row) == wanted.name:
            return Behind(row, accuracy_table(results), cells, cases=_cases(results, row))
    for part in _parts(results):
        if any(reference(study_id, row) == wanted.name for row in _lines(cards(""), part)):
            return _score(results, cards(part), wanted)
    return None


@dataclass(frozen=True)
class LiveRow:
    """A row as the database says it now, and case and record behind a sample number."""

    results: Results
    behind: Behind
    led: Mapping[str, Mapping[str, Any]]

    @property
    def study(self) -> Study:
        """The study that it is of."""
        return self.results.study

    @property
    def certificate(self) -> str:
        """The digest of the certificate of the draw."""
        return self.results.certificate_digest

    @property
    def software(self) -> Mapping[str, str]:
        """The versions of what computed it."""
        return software()


def live_row(work: Work, text: str) -> LiveRow:
    """The row of a reference as it is now, among the studies that the reader reaches; raises NOT_FOUND."""
    wanted = read_reference(text)
    for results in named_results(work, wanted):
        behind = row_named(results, partial(card_of, work, results.study.id), wanted)
        if behind is not None:
            return LiveRow(results, behind, _led(work, behind))
    raise ZoufangError(Problem.NOT_FOUND)


def _led(work: Work, behind: Behind) -> dict[str, Mapping[str, Any]]:
    if behind.cases is None:
        return {}
    found = receipts_of(work, behind.cases["submission_id"].dropna().tolist())
    records = behind.cases["submission_id"].items()
    return {str(name): {"sample_id": name, **found.get(record, {})} for name, record in records}


def _parts(results: Results) -> list[str]:
    """Every part that is scored, the whole first; an issued report has the whole alone."""
    if results.issue:
        return [""]
    return ["", *(part.key for part in (*counties_in(results), *programmes_in(results)))]


def _groups(results: Results) -> list[tuple[str, str]]:
    """Each county, and the code of each category."""
    return [(county, "") for county in results.counties] + [("", code) for code, _ in results.categories]


def _lines(card: Card, part: str) -> Iterator[TableRow]:
    """The rows of a part's score; every part has the lines of the whole."""
    for key in ("", *(line.key for _, line in card.table.walk())):
        yield TableRow(SCORES, county=part, line=key)


def _score(results: Results, card: Card, wanted: Reference) -> Behind | None:
    study_id = results.study.id
    for row, cells in score_rows(card):
        if reference(study_id, row) == wanted.name:
            source = card.sources.get(row.line)
            figure = reference(study_id, source.named, results.issue) if source and source.named else ""
            return Behind(row, score_table(results, card), cells, source=source, figure=figure)
    return None


def _cases(results: Results, row: TableRow) -> pd.DataFrame:
    """The released cases of the row's group, with what each says."""
    cases = results.dataset.cases
    for name, column in GROUPS.items():
        if wanted := getattr(row, name):
            cases = cases[cases[name if row.metric else column] == wanted]
    found = cases.reindex(columns=FACTS)
    found["said"] = _said(results, row).reindex(found.index)
    return found


def _said(results: Results, row: TableRow) -> pd.Series:
    if row.tag:
        return results.dataset.answers[row.tag]
    tags = {metric: tag for tag, metric in METRICS.items()}
    return results.dataset.cases[tags[row.metric]] if row.metric else pd.Series(dtype=object)
