"""Indicator tables as they are published: rows of a spreadsheet with 一级指标, 二级指标, …, 分值, 目标值, 实际值, 得分.

A level that is blank is the one above it (merged cells). A weight may stand in the name of a level, 决策（20分）.
What the table does not say stays unknown: no rule is guessed from prose, no weight is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.errors import ScoringError
from analysis.indicators import MOST_INDICATORS, IndicatorTable, table_from

LEVELS = ("一级指标", "二级指标", "三级指标", "四级指标")
_FIELDS = {
    "weight": ("分值", "权重", "标准分", "指标分值"),
    "target": ("目标值", "年度指标值", "指标值", "绩效目标"),
    "actual_stated": ("实际值", "实际完成值", "完成值", "全年完成值"),
    "score_stated": ("得分", "自评得分", "评价得分"),
    "n_stated": ("样本量", "有效问卷", "有效样本", "问卷数", "调查人数"),
    "sampling_stated": ("抽样方法", "抽样方式", "调查方式", "调查方法"),
    "evidence_stated": ("佐证材料", "佐证", "证据", "依据"),
    "received": ("到位资金", "到位金额", "资金到位", "到位"),
    "carried_over": ("上年结转", "结转资金", "结转"),
    "spent": ("支出资金", "支出金额", "实际支出", "支出"),
    "balance": ("结余资金", "结余金额", "年末结余", "结余"),
    "note": ("评分标准", "评分规则", "评价标准", "备注"),
}
_WEIGHTED = re.compile(r"^(.*?)\s*[（(]\s*(\d+(?:\.\d+)?)\s*分?\s*[）)]\s*$")
_TOTALS = frozenset({"合计", "总计", "总分", "小计"})


def table_from_frame(frame: pd.DataFrame, title: str = "", total: float = 100, first_row: int = 1) -> IndicatorTable:
    """A table from rows with the columns above, under any of their usual names; rows of sums (合计) are left out.

    Raises ScoringError where there is no level or no indicator, naming what is missing, or a number that is none,
    naming its row: the first below the header is `first_row`.
    """
    columns = {_bare(name): name for name in frame.columns}
    levels = [columns[name] for name in LEVELS if name in columns]
    if not levels:
        raise ScoringError("levels", f"no column is called {LEVELS[0]}: name the levels {'、'.join(LEVELS)}")
    if len(frame) > MOST_INDICATORS:
        raise ScoringError("long", f"an indicator table has at most {MOST_INDICATORS} lines", rows=len(frame))
    fields = {
        field: next((columns[name] for name in names if name in columns), None) for field, names in _FIELDS.items()
    }
    roots: list[dict[str, Any]] = []
    open_levels: list[str] = [""] * len(levels)
    for number, row in enumerate(frame.to_dict("records"), first_row):
        names = [_cell(row[level]) for level in levels]
        if not any(names) or _bare(next(filter(None, names))) in _TOTALS:
            continue
        depth = max(at for at, name in enumerate(names) if name)
        for at, name in enumerate(names):
            if name:
                open_levels[at:] = [name, *[""] * (len(levels) - at - 1)]
        leaf = _place(roots, open_levels[: depth + 1])
        leaf["row"] = number
        leaf.update({key: value for key, value in _values(row, fields, number).items() if value is not None})
    if not roots:
        raise ScoringError("tree", "the sheet has a header but no indicator below it")
    return table_from({"id": "", "title": title, "total": total, "tree": _unique(roots, set())})


def _place(nodes: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    """The node of this path, made where it is not there yet; the last name always makes a new one."""
    node: dict[str, Any] = {}
    path = [name for name in names if name]
    for at, name in enumerate(path):
        last = at == len(path) - 1
        bare, weight = _name_and_weight(name)
        known: dict[str, Any] | None = next((each for each in nodes if each["name"] == bare), None)
        if known is None or last:
            known = {"name": bare, "weight": weight, "children": []}
            nodes.append(known)
        node = known
        if not last:
            nodes = node["children"]
    return node


def _values(row: Mapping[Any, Any], fields: Mapping[str, Any], number: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, column in fields.items():
        text = "" if column is None else _cell(row[column])
        if not text:
            continue
        if field in {"weight", "score_stated"}:
            found[field] = _points(text, field, number)
        else:
            found[field] = text
    return found


def _points(text: str, field: str, number: int) -> str:
    bare = text.removesuffix("分").removesuffix("%").strip()
    try:
        float(bare)
    except ValueError as error:
        message = f"row {number}: {text!r} is no number of points ({_FIELDS[field][0]})"
        raise ScoringError("number", message, row=number, value=text) from error
    return bare


def _unique(nodes: list[dict[str, Any]], seen: set[str], above: str = "") -> list[dict[str, Any]]:
    """Names made unique by the level above them where two are alike."""
    for node in nodes:
        name = node["name"]
        if name in seen:
            node["name"] = f"{above}·{name}"
            count = 2
            while node["name"] in seen:
                node["name"] = f"{above}·{name}·{count}"
                count += 1
        seen.add(node["name"])
        _unique(node.get("children", []), seen, node["name"])
    return nodes


def _name_and_weight(text: str) -> tuple[str, str | None]:
    match = _WEIGHTED.match(text)
    return (match[1], match[2]) if match and match[1] else (text, None)


def _cell(value: Any) -> str:  # noqa: ANN401 - a cell
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _bare(name: object) -> str:
    """A header without spaces, and without what stands in brackets: 分值（分） is 分值."""
    return re.sub(r"[（(].*?[）)]|\s", "", str(name))
