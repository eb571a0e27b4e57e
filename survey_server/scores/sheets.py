"""The scored table as a workbook: 评分表, and 各县得分 where there are several counties."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import gettext

from analysis.report.workbook import Column, Sheet, write_workbook
from analysis.rollup import RollUp
from survey_server.results.references import TableRow, reference
from survey_server.scores.sheet import ESTIMATE, EXPERTS, TYPED, Card, Side
from survey_server.scores.words import rule_words, said


def workbook_of(study_id: uuid.UUID, card: Card, sides: Sequence[Side], name_of: Callable[[str], str]) -> bytes:
    """The .xlsx: the table and, of ``sides``, the counties and the programmes; ``name_of`` says who an expert is."""
    sheets = [_scores(study_id, card, name_of)]
    titles = (("各县得分", gettext("Scores by county")), ("各类得分", gettext("Scores by programme")))
    for (name, title), side in zip(titles, sides, strict=False):
        if len(side.rolled.frame) or side.rolled.missing:
            sheets.append(_parts(side.rolled, name, title))
    return write_workbook(sheets, title=card.table.title)


def line_of(card: Card, key: str) -> TableRow:
    """What the reference of a line's score is made of; of the total where ``key`` is empty."""
    return TableRow("T8", county=card.county, line=key)


def source_words(kind: str) -> str:
    """Where a value comes from."""
    words = {ESTIMATE: gettext("survey estimate"), TYPED: gettext("entered by hand"), EXPERTS: gettext("experts")}
    return words.get(kind, "")


def _scores(study_id: uuid.UUID, card: Card, name_of: Callable[[str], str]) -> Sheet:
    columns = [
        Column(gettext("Level in the table"), "integer"),
        Column(gettext("Indicator"), width=40),
        Column(gettext("Points"), "number"),
        Column(gettext("Target"), width=14),
        Column(gettext("Rule"), width=34),
        Column(gettext("Value found"), width=16),
        Column(gettext("Source of the value"), width=16),
        Column(gettext("Score"), "number"),
        Column(gettext("Score, interval from"), "number"),
        Column(gettext("Score, interval to"), "number"),
        Column(gettext("Reason"), width=40),
        Column(gettext("Evidence"), width=14),
        Column(gettext("What speaks against it"), width=60),
        Column(gettext("Reference"), width=16),
    ]
    rows = [
        [*_row(card, each, name_of), reference(study_id, line_of(card, each.line.key))] for each in card.scored.lines
    ]
    total: Sequence[Any] = [None, gettext("Total"), card.table.total, None, None, None, None, card.scored.total]
    ends = card.range or (None, None)
    rows.append([*total, *ends, None, None, None, reference(study_id, line_of(card, ""))])
    title = f"{card.table.title}{f' · {card.name}' if card.name else ''}"
    return Sheet("评分表", columns, rows, title=title, freeze=2)


def _row(card: Card, each: Any, name_of: Callable[[str], str]) -> list[Any]:  # noqa: ANN401 - a scored line
    line, source = each.line, card.source(each.line)
    actual = source.actual
    reasons = actual.reason if actual else ""
    if source.experts:
        reasons = "；".join(f"{name_of(str(one.person_id))} {one.points}：{one.reason}" for one in source.experts)
    return [
        each.level,
        line.name,
        each.weight,
        line.target.text if line.target else None,
        rule_words(line),
        card.actual_text(each) or None,
        source_words(source.kind) or None,
        each.score,
        each.low,
        each.high,
        reasons or None,
        "、".join(actual.evidence) if actual else None,
        "".join(" ".join(said(finding, gettext)) for finding in each.findings) or None,
    ]


def _parts(parts: RollUp, name: str, title: str) -> Sheet:
    columns = [
        Column(gettext("Rank"), "integer"),
        Column(gettext("Part of the study"), width=18),
        Column(gettext("Score of a hundred"), "number"),
        Column(gettext("Grade")),
    ]
    rows = [[row["rank"], row["name"], row["total"], row["grade"]] for row in parts.frame.to_dict("records")]
    rows += [[None, missing, None, gettext("not complete")] for missing in parts.missing]
    return Sheet(name, columns, rows, title=title)
