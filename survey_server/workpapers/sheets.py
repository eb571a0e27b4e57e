"""Workbooks of working papers: 工作底稿, 资料清单, 访谈, 自评基础数据, 征求意见."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext

from analysis.report.workbook import Column, Sheet, write_workbook
from survey_server.scores.words import rule_words
from survey_server.studies.models import Study
from survey_server.work import Work
from survey_server.workpapers import base_data, interviews
from survey_server.workpapers.comments import DECISIONS, Sent
from survey_server.workpapers.documents import STATUS, Requests
from survey_server.workpapers.indicators import STATES, Papers
from survey_server.workpapers.models import BaseData, Interview
from survey_server.workpapers.printing import signature, source_of

MOST_SHEET_NAME = 28


def papers_sheet(work: Work, study: Study, papers: Papers) -> Sheet:
    """Every indicator's working paper, a row each."""
    zone = ZoneInfo(work.settings.timezone)
    columns = [
        *_texts((gettext("Number"), 8), (gettext("Indicator"), 28)),
        Column(gettext("Points"), "number"),
        *_texts((gettext("Rule"), 26), (gettext("Target"), 12), (gettext("Value found"), 14)),
        *_texts((gettext("Source of the figure"), 26), (gettext("Reason"), 32)),
        Column(gettext("Score"), "number"),
        *_texts((gettext("Evidence"), 16), (gettext("Made by"), 20), (gettext("Checked by"), 20)),
        *_texts((gettext("Remark of the check"), 24), (gettext("Status"), 14)),
    ]
    rows = [
        [
            paper.number,
            paper.line.name,
            paper.scored.weight,
            rule_words(paper.line),
            paper.line.target.text if paper.line.target else None,
            paper.value or None,
            source_of(paper) or None,
            paper.reasons or None,
            paper.scored.score,
            "、".join(number for number, _ in paper.evidence) or None,
            signature(paper, papers.people, zone, check=False) or None,
            signature(paper, papers.people, zone, check=True) or None,
            paper.signed.remark or None,
            gettext(STATES[paper.state]),
        ]
        for paper in papers.papers
    ]
    county = f" · {papers.card.county}" if papers.card.county else ""
    return Sheet("工作底稿", columns, rows, title=f"{study.name}{county}", freeze=2)


def papers_book(work: Work, study: Study, papers: Papers) -> bytes:
    """The working papers as a workbook."""
    return write_workbook([papers_sheet(work, study, papers)], title=study.name)


def requests_book(study: Study, requests: Requests, *, county: str) -> bytes:
    """The list to send to a bureau: of one county, or of all with a sheet each and the overview first."""
    chosen = [county] if county else requests.counties
    names = _sheet_names(chosen)
    sheets = [_requests_sheet(study, requests, one, names[one]) for one in chosen]
    if len(chosen) != 1:
        sheets.insert(0, _overview_sheet(study, requests))
    return write_workbook(sheets, title=study.name)


def _requests_sheet(study: Study, requests: Requests, county: str, name: str) -> Sheet:
    columns = [
        *_texts((gettext("Number"), 10), (gettext("Paper"), 36), (gettext("What it must say"), 44)),
        *_dates(gettext("Asked on"), gettext("Due on")),
        *_texts((gettext("Status"), 12)),
        Column(gettext("Arrived on"), "date", width=12),
        Column(gettext("Working days late"), "integer", width=10),
        *_texts((gettext("Reason"), 28), (gettext("Files"), 30)),
    ]
    rows = [
        [
            one.row.number,
            one.row.title,
            one.row.detail or None,
            one.row.asked_on,
            one.row.due_on,
            gettext(STATUS[one.row.status]),
            one.row.arrived_on,
            one.late or None,
            one.row.reason or None,
            "；".join(file.file_name for file in one.files) or None,
        ]
        for one in requests.of(county)
    ]
    notes = [gettext("Please send the papers by the day named; where there is none, say so and why.")]
    return Sheet(name, columns, rows, title=f"{study.name} · 资料清单 · {county}", notes=notes, freeze=2)


def _overview_sheet(study: Study, requests: Requests) -> Sheet:
    cells = requests.cells
    columns = [Column(gettext("County"), width=16), *(Column(title, width=14) for title in requests.titles)]
    rows: list[list[Any]] = []
    for county in requests.counties:
        found = [cells.get((county, title)) for title in requests.titles]
        rows.append([county, *(gettext(STATUS[one.row.status]) if one else None for one in found)])
    return Sheet("总览", columns, rows, title=f"{study.name} · 资料清单", freeze=1)


def interviews_book(study: Study, rows: Sequence[Interview]) -> bytes:
    """The list of interviews, without what was said."""
    columns = _texts(
        (gettext("County"), 14),
        (gettext("Number"), 8),
        (gettext("Role"), 28),
        (gettext("Unit"), 28),
        (gettext("Date"), 12),
        (gettext("Place"), 20),
        (gettext("Interviewers"), 20),
    )
    roles = interviews.roles()
    listed = [
        [row.county, row.number, roles[row.role], row.unit, f"{row.held_on}", row.place, row.interviewers]
        for row in rows
    ]
    return write_workbook([Sheet("访谈", columns, listed, title=study.name)], title=study.name)


def base_data_form(study: Study, county: str) -> bytes:
    """The table that a county fills in."""
    columns = [Column("项目", width=34), Column("单位", width=10), Column("填报", width=24)]
    notes = ["只在“填报”一列填写；没有的填 0；金额保留两位小数。请不要增删行或改工作表名称。"]
    title = f"{study.name} · 自评基础数据表 · {county}"
    parts = [*base_data.sections(), base_data.contact_section()]
    made = [
        Sheet(name, columns, [[line.label, line.unit, None] for line in fields], title=title, notes=notes)
        for name, fields in parts
    ]
    return write_workbook(made, title=title)


def base_data_book(work: Work, study: Study, tables: Sequence[BaseData]) -> bytes:
    """The tables of all counties side by side, and the contacts as a page shows them: masked."""
    sheets = [_side_by_side(study, name, fields, tables) for name, fields in base_data.sections()]
    name, fields = base_data.contact_section()
    columns = [Column(base_data.COUNTY_LABEL, width=16), *(Column(line.label, width=20) for line in fields)]
    rows = []
    for table in tables:
        contact = base_data.masked_contact(work, table)
        rows.append([table.county, *(contact.get(line.code) for line in fields)])
    return write_workbook([*sheets, Sheet(name, columns, rows, title=study.name)], title=study.name)


def comments_sheet(study: Study, sent: Sequence[Sent], people: Mapping[uuid.UUID, str]) -> Sheet:
    """Every comment and what became of it; a unit without one stands there too."""
    columns = [
        Column(gettext("Number"), "integer", width=8),
        *_texts((gettext("Unit"), 24), (gettext("Draft"), 20)),
        *_dates(gettext("Sent on"), gettext("Due on"), gettext("Answered on")),
        *_texts((gettext("Where in the draft"), 20), (gettext("Comment"), 44), (gettext("Decision"), 12)),
        *_texts((gettext("Reason, or what was changed"), 44), (gettext("Decided by"), 14)),
    ]
    rows: list[list[Any]] = []
    for one in sent:
        head = [one.row.unit, one.row.draft, one.row.sent_on, one.row.due_on]
        for comment in one.comments:
            decision = gettext(DECISIONS[comment.decision]) if comment.decision else gettext("not decided yet")
            by = people.get(comment.decided_by, "") if comment.decided_by else None
            said = [comment.part or None, comment.text, decision, comment.answer or None, by]
            rows.append([comment.number, *head, comment.received_on, *said])
        if not one.comments:
            words = gettext("no comment") if one.row.no_comment_on else gettext("no answer")
            rows.append([None, *head, one.row.no_comment_on, None, words, None, None, None])
    return Sheet("征求意见", columns, rows, title=f"{study.name} · 征求意见情况", freeze=2)


def comments_book(study: Study, sent: Sequence[Sent], people: Mapping[uuid.UUID, str]) -> bytes:
    """The log of comments as a workbook."""
    return write_workbook([comments_sheet(study, sent, people)], title=study.name)


def _side_by_side(study: Study, name: str, fields: Sequence[base_data.FieldOf], tables: Sequence[BaseData]) -> Sheet:
    columns = [
        Column("项目", width=34),
        Column("单位", width=10),
        *(Column(table.county, width=16) for table in tables),
    ]
    rows = [[line.label, line.unit, *(table.figures.get(line.code) for table in tables)] for line in fields]
    return Sheet(name, columns, rows, title=study.name, freeze=2)


def _sheet_names(counties: Sequence[str]) -> dict[str, str]:
    """A name that Excel takes for each county, none twice."""
    names: dict[str, str] = {}
    for place, county in enumerate(counties, start=1):
        plain = "".join(sign for sign in county if sign not in "[]:*?/\\'")[:MOST_SHEET_NAME] or str(place)
        taken = {name.casefold() for name in names.values()} | {"总览"}
        names[county] = plain if plain.casefold() not in taken else f"{plain[:24]}{place}"
    return names


def _texts(*columns: tuple[str, float]) -> list[Column]:
    return [Column(header, width=width) for header, width in columns]


def _dates(*headers: str) -> list[Column]:
    return [Column(header, "date", width=12) for header in headers]
