"""Issued reports held against their snapshots, against each other, and down to the answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa
from flask_babel import force_locale
from sqlmodel import col, select

from survey_server.actors import Grant
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.reports import snapshot as snapshots
from survey_server.reports.issuing import CHINESE, issued_of, snapshot_of
from survey_server.reports.models import IssuedReport, IssuedRow
from survey_server.reports.pinning import figures_of, recompute, software, tables_of
from survey_server.reports.rows import Behind, row_named
from survey_server.results.figures import Figure
from survey_server.results.references import Reference, figure_named, read_reference, reference
from survey_server.results.service import Results
from survey_server.results.trace import Question, trace
from survey_server.scores.sheet import Card
from survey_server.studies.models import Study
from survey_server.submissions.models import Submission
from survey_server.work import Work

KEYS = ("metric", "denominator", "domain", "county", "category")
EXACT = ("estimate", "se", "low", "high", "n", "yes", "method")
PRINTED = ("text", "interval", "counts")
SAME, SAME_IN_PRINT, DIFFERENT = "same", "same_in_print", "different"
Pinned = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """A figure that is another one: as it was and as it is; None where there is none."""

    key: Pinned
    reference: str
    before: Pinned | None
    after: Pinned | None


@dataclass(frozen=True)
class Check:
    """A snapshot computed again: how many figures and cells of tables come out, and which do not.

    ``software`` has what computed then and what computes now, where they are not the same.
    """

    figures: int
    cells: int
    exact: int
    in_print: int
    different: Sequence[Difference]
    cells_different: Sequence[tuple[str, int, Any, Any]]
    software: Sequence[tuple[str, str, str]]

    @property
    def is_same(self) -> bool:
        """Whether everything is the same to the last digit."""
        return self.exact == self.figures and not self.cells_different


@dataclass(frozen=True)
class Traced:
    """A figure of an issued report: as it was issued, as its snapshot computes it now, and what is behind it.

    ``table`` is as :func:`survey_server.results.trace.trace` makes it, with the labels of the snapshot; ``led`` has the
    record behind a label, as far as something leads there.
    """

    report: IssuedReport
    study: Study
    figure: Figure
    issued: Pinned
    now: Pinned
    verdict: str
    table: pd.DataFrame
    led: Mapping[str, Mapping[str, Any]]
    snapshot: Mapping[str, Any]


@dataclass(frozen=True)
class Opened:
    """The issued report of a reference with what its snapshot computes now."""

    wanted: Reference
    report: IssuedReport
    study: Study
    snapshot: Mapping[str, Any]
    results: Results
    card: Card


@dataclass(frozen=True)
class TracedRow:
    """A row of a table of an issued report: its cells as they were issued, and what is behind it now."""

    report: IssuedReport
    study: Study
    behind: Behind
    issued: Sequence[Any]
    verdict: str
    led: Mapping[str, Mapping[str, Any]]

    @property
    def certificate(self) -> str:
        """The digest of the certificate of the draw."""
        return self.report.certificate_digest

    @property
    def software(self) -> Mapping[str, str]:
        """The versions of what computed it when it was issued."""
        return self.report.software


def check(work: Work, report: IssuedReport) -> Check:
    """Compute everything again from the snapshot and compare it with what was issued."""
    snapshot = snapshot_of(work, report)
    with force_locale(CHINESE):
        results, card = recompute(work, snapshot)
        figures, tables = figures_of(results), tables_of(results, card)
    before, after = _by_key(snapshot["figures"]), _by_key(figures)
    verdicts = {key: _verdict(before.get(key), after.get(key)) for key in {**before, **after}}
    study_id = report.study_id
    different = [
        _difference(study_id, report.number, key, before.get(key), after.get(key))
        for key, verdict in verdicts.items()
        if verdict == DIFFERENT
    ]
    was = snapshot["software"]
    return Check(
        figures=len(verdicts),
        cells=sum(len(row) for rows in snapshot["tables"].values() for row in rows),
        exact=sum(verdict == SAME for verdict in verdicts.values()),
        in_print=sum(verdict == SAME_IN_PRINT for verdict in verdicts.values()),
        different=different,
        cells_different=list(_other_cells(snapshot["tables"], tables)),
        software=[(name, was.get(name, ""), now) for name, now in software().items() if was.get(name) != now],
    )


def compared(work: Work, one: IssuedReport, other: IssuedReport) -> tuple[int, list[Difference]]:
    """How many figures two issued reports print alike, and those that they do not, as each printed them."""
    before, after = (_by_key(snapshot_of(work, report)["figures"]) for report in (one, other))
    keys = list({**before, **after})
    changed = [key for key in keys if _printed(before.get(key)) != _printed(after.get(key))]
    found = [_difference(one.study_id, other.number, key, before.get(key), after.get(key)) for key in changed]
    return len(keys) - len(changed), found


def open_issued(work: Work, text: str) -> Opened:
    """The issued report of a reference, computed again; raises NOT_FOUND, NOT_ALLOWED for a part of the study."""
    wanted = read_reference(text)
    for study in work.session.exec(select(Study)).all():
        if not wanted.names_study(study.id):
            continue
        for report in issued_of(work, study.id):
            if report.number == wanted.issue:
                if not work.actor.reaches(Grant(study.id)):
                    raise ZoufangError(Problem.NOT_ALLOWED)
                snapshot = snapshot_of(work, report)
                with force_locale(CHINESE):
                    return Opened(wanted, report, study, snapshot, *recompute(work, snapshot))
    raise ZoufangError(Problem.NOT_FOUND)


def find_issued(work: Work, text: str) -> Traced:
    """The figure of a reference that names an issue; raises NOT_FOUND, and NOT_ALLOWED for a part of the study."""
    return traced_figure(work, open_issued(work, text))


def traced_figure(work: Work, opened: Opened) -> Traced:
    """The figure that was asked for; raises NOT_FOUND where it is none, but perhaps a row of a table."""
    found = figure_named(opened.results, opened.wanted)
    if found is None:
        raise ZoufangError(Problem.NOT_FOUND)
    key = _key(found.keys)
    now = _by_key(figures_of(opened.results))[key]
    issued = _by_key(opened.snapshot["figures"]).get(key)
    if issued is None:
        raise ZoufangError(Problem.NOT_FOUND)
    table = trace(opened.results.dataset, Question(**found.keys))
    verdict, led = _verdict(issued, now), led_by(work, opened.report)
    return Traced(opened.report, opened.study, found, issued, now, verdict, table, led, opened.snapshot)


def traced_row(work: Work, opened: Opened) -> TracedRow:
    """The row of a table that was asked for, as it was issued and as it comes out now; raises NOT_FOUND."""
    with force_locale(CHINESE):
        behind = row_named(opened.results, lambda _part: opened.card, opened.wanted)
    printed = f"{opened.wanted.name}-{opened.report.number}"
    rows = opened.snapshot["tables"].get(behind.row.table, []) if behind else []
    issued = next((row[:-1] for row in rows if row[-1] == printed), None)
    if behind is None or issued is None:
        raise ZoufangError(Problem.NOT_FOUND)
    verdict = SAME if issued == [snapshots.plain(cell) for cell in behind.cells] else DIFFERENT
    return TracedRow(opened.report, opened.study, behind, issued, verdict, led_by(work, opened.report))


def led_by(work: Work, report: IssuedReport) -> dict[str, dict[str, Any]]:
    """The case and record behind each label of a report; what was withdrawn in this very moment is left out."""
    query = (
        sa.select(
            col(IssuedRow.label),
            col(Case.sample_id),
            col(Submission.instance_id),
            col(Submission.received_at),
            col(Submission.channel),
            col(Submission.flags),
            col(Submission.withdrawn_at),
        )
        .outerjoin(Case, col(Case.id) == col(IssuedRow.case_id))
        .outerjoin(Submission, col(Submission.id) == col(IssuedRow.submission_id))
        .where(col(IssuedRow.report_id) == report.id, col(Case.withdrawn_at).is_(None))
    )
    names = ("label", "sample_id", "instance_id", "received_at", "channel", "flags", "withdrawn_at")
    rows = [dict(zip(names, row, strict=True)) for row in work.session.execute(query)]
    return {row["label"]: row for row in rows if row["withdrawn_at"] is None}


def _by_key(figures: Sequence[Pinned]) -> dict[tuple[str, ...], Pinned]:
    return {_key(figure): figure for figure in figures}


def _key(figure: Pinned) -> tuple[str, ...]:
    return tuple(str(figure.get(name, "")) for name in KEYS)


def _verdict(before: Pinned | None, after: Pinned | None) -> str:
    if before is None or after is None:
        return DIFFERENT
    if all(before[name] == after[name] for name in (*EXACT, *PRINTED)):
        return SAME
    return SAME_IN_PRINT if _printed(before) == _printed(after) else DIFFERENT


def _printed(figure: Pinned | None) -> tuple[Any, ...] | None:
    return None if figure is None else tuple(figure[name] for name in PRINTED)


def _difference(
    study_id: uuid.UUID, issue: int, key: tuple[str, ...], before: Pinned | None, after: Pinned | None
) -> Difference:
    metric, denominator, domain, county, category = key
    figure = Figure(metric, denominator, domain, county, category)
    return Difference(dict(zip(KEYS, key, strict=True)), reference(study_id, figure, issue), before, after)


def _other_cells(
    before: Mapping[str, list[list[Any]]], after: Mapping[str, list[list[Any]]]
) -> Iterator[tuple[str, int, Any, Any]]:
    """Table, row, the cell as it was and as it is."""
    for name, rows in before.items():
        found = after.get(name, [])
        for at in range(max(len(rows), len(found))):
            one, other = (table[at] if at < len(table) else [] for table in (rows, found))
            for place in range(max(len(one), len(other))):
                was, now = (row[place] if place < len(row) else None for row in (one, other))
                if was != now:
                    yield name, at + 1, was, now
