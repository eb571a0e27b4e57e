"""The ledger as a workbook: de-identified unless its words are asked for; totals by county and the eight checks."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import pandas as pd
from flask_babel import gettext

from analysis.report.workbook import Column, Sheet, write_workbook
from survey_server.findings.counting import CheckRow, verified_counts
from survey_server.findings.kinds import METHODS, STATES, kinds
from survey_server.findings.models import Finding
from survey_server.findings.service import label_of
from survey_server.studies.models import Study


def ledger_book(
    study: Study,
    zone: ZoneInfo,
    rows: Sequence[tuple[Finding, str]],
    counts: pd.DataFrame,
    checks: Sequence[CheckRow],
    words: Mapping[uuid.UUID, str] | None = None,
) -> bytes:
    """问题台账: totals, findings, 核查八项. ``words``: of each, to print them with towns and case numbers."""
    sheets = [_totals(study, counts), _findings(study, zone, rows, words), _checks(study, checks)]
    return write_workbook(sheets, title=f"{study.name} · 问题台账")


def _totals(study: Study, counts: pd.DataFrame) -> Sheet:
    columns = [
        Column(gettext("County"), width=18),
        Column(gettext("Kind of problem"), width=18),
        *(Column(name, "integer", width=14) for name in count_names()),
    ]
    rows: list[list[object]] = []
    for county, part in counts.groupby("county", sort=True):
        found = verified_counts(part)
        rows += [[county, kinds()[str(kind)].name, *map(int, row)] for kind, row in sorted_kinds(found)]
        rows.append([county, gettext("All"), *map(int, found.sum())])
    rows.append([gettext("All counties"), gettext("All"), *map(int, verified_counts(counts).sum())])
    notes = [gettext("Only verified findings are counted; clues are still to be verified.")]
    return Sheet("县区合计", columns, rows, title=f"{study.name} · 问题台账", notes=notes, freeze=1)


def _findings(
    study: Study, zone: ZoneInfo, rows: Sequence[tuple[Finding, str]], words: Mapping[uuid.UUID, str] | None
) -> Sheet:
    named = words is not None
    columns = [
        Column(gettext("Number"), width=10),
        Column(gettext("County"), width=18),
        *([Column(gettext("Town"), width=14), Column(gettext("Case number"), width=16)] if named else []),
        Column(gettext("Kind of problem"), width=18),
        Column(gettext("Way of finding"), width=18),
        Column(gettext("Check"), "integer", width=8),
        Column(gettext("State"), width=20),
        Column(gettext("Urgent"), width=8),
        *(Column(name, "datetime", width=18) for name in (gettext("Met with"), gettext("Verified"))),
        *([Column(gettext("In words"), width=60)] if named else []),
    ]
    lines = [_line(row, number, zone, words) for row, number in rows if row.withdrawn_at is None]
    notes = [] if named else [gettext("De-identified: without names, places finer than a county, numbers and words.")]
    return Sheet("问题台账", columns, lines, title=study.name, notes=notes, freeze=1)


def _line(row: Finding, number: str, zone: ZoneInfo, words: Mapping[uuid.UUID, str] | None) -> list[object]:
    return [
        label_of(row),
        row.county,
        *([row.town, number] if words is not None else []),
        kinds()[row.kind].name,
        gettext(METHODS[row.method]),
        row.check_no or None,
        gettext(STATES[row.state]),
        gettext("urgent") if row.urgent else None,
        _local(row.seen_at, zone),
        _local(row.verified_at, zone),
        *([words.get(row.id)] if words is not None else []),
    ]


def _checks(study: Study, checks: Sequence[CheckRow]) -> Sheet:
    names = (gettext("Households examined"), *count_names())
    columns = [
        Column(gettext("Check"), "integer", width=8),
        Column(gettext("What is checked"), width=50),
        *(Column(name, "integer", width=14) for name in names),
    ]
    rows = [
        [one.check.no, one.check.text, one.examined, one.clues, one.unresolved, one.verified, one.dismissed]
        for one in checks
    ]
    notes = [gettext("Empty: examined by papers, not by questions.")]
    return Sheet("核查八项", columns, rows, title=f"{study.name} · 核查八项", notes=notes, freeze=2)


def count_names() -> tuple[str, str, str, str]:
    """The headings of ``verified_counts``."""
    return gettext("Clues in all"), gettext("To be verified"), gettext("Verified"), gettext("Dismissed")


def sorted_kinds(table: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """The rows of a table by kind, in the order of the code list."""
    return sorted(((str(kind), row) for kind, row in table.iterrows()), key=lambda pair: int(pair[0]))


def _local(moment: dt.datetime | None, zone: ZoneInfo) -> dt.datetime | None:
    return moment.astimezone(zone).replace(tzinfo=None) if moment else None
