"""The indicator table of a study: the shipped one that it names, or its own, edited in a page or brought in a file."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import yaml

from analysis.errors import ScoringError
from analysis.indicators import Indicator, IndicatorTable, shipped_table, table_from
from analysis.report.workbook import Column, Sheet, write_workbook
from analysis.scoring_rules import RULES
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.rosters.reading import RosterFileError
from survey_server.scores.models import StudyTable
from survey_server.scores.published import read_published
from survey_server.studies.lock import INDICATORS, allow_change
from survey_server.studies.models import Study
from survey_server.work import Work

NO_RULE = ""
FIELDS = ("name", "weight", "target", "unit", "metric", "rule", "params", "level")


def table_of(work: Work, study: Study) -> IndicatorTable:
    """The study's table, without what a published one said of itself; raises STATE_CONFLICT where there is none."""
    table = brought_in(work, study)
    return replace(table, roots=tuple(map(_blank, table.roots)), score_stated=None, grade_stated=None)


def brought_in(work: Work, study: Study) -> IndicatorTable:
    """The study's table with what it says of itself (自评); raises STATE_CONFLICT where there is none."""
    own = work.session.get(StudyTable, study.id)
    try:
        return table_from(own.source) if own is not None else shipped_table(study.indicator_table)
    except ScoringError as error:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the study has no indicator table")) from error


def is_own(work: Work, study_id: uuid.UUID) -> bool:
    """Whether the study has a table of its own."""
    return work.session.get(StudyTable, study_id) is not None


def keep_table(work: Work, study: Study, source: Mapping[str, Any], reason: str = "") -> IndicatorTable:
    """Make this the study's table; raises INVALID_FIELD naming what is wrong, or where a locked one needs a reason."""
    try:
        table = table_from(source)
    except ScoringError as error:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Indicator table"), why=error.args[0]) from error
    before = source_of(table_of(work, study))
    allow_change(work, study, INDICATORS, before=before, after=dict(source), reason=reason)
    found = work.session.get(StudyTable, study.id)
    if found is None:
        found = StudyTable(study_id=study.id, source={}, changed_at=work.now)
    found.source, found.changed_at = dict(source), work.now
    work.session.add(found)
    record(work, "score.table", "study", study.id, study_id=study.id, lines=len(table.leaves()))
    return table


def take_file(work: Work, study: Study, name: str, data: bytes, reason: str = "") -> IndicatorTable:
    """The table of an .xlsx, .xls, .csv or .yaml file becomes the study's; raises SCORES_UNREADABLE."""
    try:
        table = read_published(name, data)
    except (ScoringError, RosterFileError) as error:
        raise ZoufangError(Problem.SCORES_UNREADABLE, file=name, why=str(error)) from error
    return keep_table(work, study, source_of(table), reason)


def source_of(table: IndicatorTable) -> dict[str, Any]:
    """The table as the mapping that it can be read from again."""
    return {
        "id": table.id,
        "title": table.title,
        "total": str(table.total),
        "rounding": table.digits,
        "tree": [_source(line) for line in table.roots],
    }


def rows_of(table: IndicatorTable) -> list[dict[str, str]]:
    """The lines as the rows of the page that edits them."""
    return [
        {
            "level": str(level),
            "name": line.name,
            "weight": "" if line.weight is None else f"{line.weight.normalize():f}",
            "target": line.target.text if line.target else "",
            "unit": line.unit,
            "metric": line.metric or "",
            "rule": line.rule.type if line.rule else NO_RULE,
            "params": _params(line),
        }
        for level, line in table.walk()
    ]


def source_from_rows(
    table: IndicatorTable, rows: Sequence[Mapping[str, str]], title: str, total: str
) -> dict[str, Any]:
    """The mapping of an edited page; a row without a name is left out with what stands below it.

    Raises INVALID_FIELD naming the row whose rule or level cannot be.
    """
    roots: list[dict[str, Any]] = []
    path: list[dict[str, Any]] = []
    for number, row in enumerate(rows, start=1):
        level = int(row["level"]) if row.get("level", "").isdecimal() else 1
        if not row.get("name", "").strip():
            path = path[: level - 1]
            continue
        if not 1 <= level <= len(path) + 1:
            raise ZoufangError(
                Problem.INVALID_FIELD, field=f"{number}. {row['name']}", why=N_("its level has none above")
            )
        node = _node(row, number)
        above = path[level - 2].setdefault("children", []) if level > 1 else roots
        above.append(node)
        path = [*path[: level - 1], node]
    return {
        "id": table.id,
        "title": title.strip(),
        "total": total.strip() or "100",
        "rounding": table.digits,
        "tree": roots,
    }


def workbook_of(table: IndicatorTable) -> bytes:
    """The table as a workbook that can be edited in Excel and brought back."""
    depth = max(level for level, _ in table.walk())
    names = ("一级指标", "二级指标", "三级指标", "四级指标")[:depth]
    columns = [
        *(Column(name, width=24) for name in names),
        Column("分值", "number"),
        Column("目标值"),
        Column("评分标准", width=50),
    ]
    rows = []
    for level, line in table.walk():
        places: list[Any] = [None] * depth
        places[level - 1] = line.name
        weight = line.weight if line.weight is not None else None
        rows.append([*places, weight, line.target.text if line.target else None, line.note or None])
    sheet = Sheet("评分表", columns, rows, title=table.title)
    return write_workbook([sheet], title=table.title)


def yaml_of(table: IndicatorTable) -> bytes:
    """The table with its rules, as YAML."""
    out = io.StringIO()
    yaml.safe_dump(source_of(table), out, allow_unicode=True, sort_keys=False, width=120)
    return out.getvalue().encode()


def _node(row: Mapping[str, str], number: int) -> dict[str, Any]:
    node: dict[str, Any] = {"name": row["name"].strip()}
    for field in ("weight", "target", "unit", "metric"):
        if row.get(field, "").strip():
            node[field] = row[field].strip()
    if row.get("rule"):
        node["rule"] = {"type": row["rule"], **_read_params(row, number)}
    return node


def _read_params(row: Mapping[str, str], number: int) -> dict[str, Any]:
    """Parameters as YAML: ``items: {及时: 2, 不及时: 0}``."""
    place = f"{number}. {row['name']}"
    if row["rule"] not in RULES:
        raise ZoufangError(Problem.INVALID_FIELD, field=place, why=N_("choose a rule of the list"))
    try:
        found = yaml.safe_load("{" + row.get("params", "").strip() + "}")
    except yaml.YAMLError as error:
        raise ZoufangError(Problem.INVALID_FIELD, field=place, why=N_("its parameters cannot be read")) from error
    if not isinstance(found, dict):
        raise ZoufangError(Problem.INVALID_FIELD, field=place, why=N_("its parameters cannot be read"))
    return found


def _params(line: Indicator) -> str:
    if line.rule is None or not line.rule.params:
        return ""
    return yaml.safe_dump(
        _plain(dict(line.rule.params)), allow_unicode=True, default_flow_style=True, width=10_000
    ).strip()[1:-1]


def _source(line: Indicator) -> dict[str, Any]:
    node: dict[str, Any] = {"name": line.name}
    if line.weight is not None:
        node["weight"] = str(line.weight)
    if line.target is not None:
        node["target"] = line.target.text
    for field in ("unit", "metric", "note", "path", "actual_stated", "n_stated", "sampling_stated", "evidence_stated"):
        if value := getattr(line, field):
            node[field] = value
    if line.score_stated is not None:
        node["score_stated"] = str(line.score_stated)
    node.update({name: str(amount) for name, amount in line.funds_stated})
    if line.rule is not None:
        node["rule"] = {"type": line.rule.type, **_plain(dict(line.rule.params))}
    if line.children:
        node["children"] = [_source(child) for child in line.children]
    return node


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON and YAML hold
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value


def _blank(line: Indicator) -> Indicator:
    return replace(line, score_stated=None, actual_stated=None, children=tuple(map(_blank, line.children)))
