"""From actual values to a table of scores: every line, every level, the total and the grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import pandas as pd
import yaml

from analysis.contradictions import Finding, line_findings, table_findings
from analysis.errors import ScoringError
from analysis.indicators import Indicator, IndicatorTable
from analysis.rounding import half_up, percent_text
from analysis.scoring_rules import Actual, points

FRAME_COLUMNS = (
    "level", "path", "name", "weight", "rule", "target", "actual", "score", "low", "high", "score_stated", "evidence",
    "reason", "findings",
)  # fmt: skip


@dataclass(frozen=True)
class ScoredLine:
    """One line with its score: None where a weight or a value is missing. low, high: the score at the interval."""

    level: int
    line: Indicator
    weight: Decimal | None
    actual: Actual | None
    score: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class ScoreTable:
    """A scored table. total: None while a line is without a score; scored: the sum of those that have one."""

    table: IndicatorTable
    lines: tuple[ScoredLine, ...]
    total: Decimal | None
    scored: Decimal
    total_stated: Decimal | None
    findings: tuple[Finding, ...]

    @property
    def missing(self) -> list[str]:
        """The lines that have no score yet."""
        return [each.line.name for each in self.lines if not each.line.children and each.score is None]

    def grade(self, scale: str | Mapping[str, float] = "cai_yu_2020_10") -> str | None:
        """The grade of the total on a shipped scale or on one that is handed in; None while there is no total."""
        return None if self.total is None else grade(self.total, self.table.total, scale)

    @property
    def frame(self) -> pd.DataFrame:
        """A row per line, parents before children; scores and weights as Decimal, actual values as printed."""
        return pd.DataFrame([_row(each) for each in self.lines], columns=list(FRAME_COLUMNS))


def score(table: IndicatorTable, actuals: Mapping[str, Any]) -> ScoreTable:
    """Score a table. `actuals` maps the name of a line to an Actual, or to its bare value (a rate is a fraction).

    A line whose value is missing or is no figure gets no score and a finding; its parents wait for it.
    Raises ScoringError for a name that is not in the table.
    """
    known = {line.key for _, line in table.walk()}
    for name in actuals:
        if name not in known:
            raise ScoringError("unknown", f"the table has no indicator {name!r}", indicator=name)
    found = {name: value if isinstance(value, Actual) else Actual(value) for name, value in actuals.items()}
    weights = _weights(table, found)
    lines: list[ScoredLine] = []
    for root in table.roots:
        _score_line(root, 1, weights, found, table.digits, lines)
    tops = [each.score for each in lines if each.level == 1]
    scored = sum((each.score for each in lines if not each.line.children and each.score is not None), Decimal(0))
    total = None if None in tops else sum((top for top in tops if top is not None), Decimal(0))
    findings = (*table_findings(table), *(finding for each in lines for finding in each.findings))
    return ScoreTable(table, tuple(lines), total, scored, total_stated(table), findings)


def total_stated(table: IndicatorTable) -> Decimal | None:
    """The total of a published table, added up from the scores that it states; None where one is lacking."""
    tops = [_stated(line) for line in table.roots]
    return None if None in tops else sum((top for top in tops if top is not None), Decimal(0))


def grade(
    total: Decimal | float, out_of: Decimal | float = 100, scale: str | Mapping[str, float] = "cai_yu_2020_10"
) -> str:
    """The grade of a total: the first line of the scale that it reaches, in per cent of the points to be had."""
    lines = scales()[scale] if isinstance(scale, str) else scale
    share = half_up(Decimal(str(total)) * 100 / Decimal(str(out_of)))
    reached = sorted(((Decimal(str(line)), name) for name, line in lines.items()), reverse=True)
    return next((name for line, name in reached if share >= line), reached[-1][1])


@cache
def scales() -> Mapping[str, Mapping[str, float]]:
    """The grade scales that are shipped: names of grades and the per cent from which each is given."""
    text = resources.files("analysis.catalog").joinpath("grades.yaml").read_text("utf-8")
    return {name: raw["lines"] for name, raw in yaml.safe_load(text).items()}


def _stated(line: Indicator) -> Decimal | None:
    if line.score_stated is not None or not line.children:
        return line.score_stated
    parts = [_stated(child) for child in line.children]
    return None if None in parts else sum((part for part in parts if part is not None), Decimal(0))


def _weights(table: IndicatorTable, actuals: Mapping[str, Actual]) -> dict[str, Decimal | None]:
    """The weights in force: that of a line which is not assessed goes to the line its rule names."""
    weights = {line.key: line.weight for _, line in table.walk()}
    for line in table.leaves():
        actual = actuals.get(line.key)
        if actual is None or actual.assessed:
            continue
        to = line.rule.params.get("to") if line.rule is not None else None
        receiving = weights.get(to) if to else None
        moved = weights[line.key]
        if to is None or receiving is None or moved is None:
            message = f"{line.name} is not assessed, but no rule says where its points go"
            raise ScoringError("reassign", message, indicator=line.name)
        weights[to], weights[line.key] = receiving + moved, Decimal(0)
    return weights


def _score_line(
    line: Indicator,
    level: int,
    weights: Mapping[str, Decimal | None],
    actuals: Mapping[str, Actual],
    digits: int,
    out: list[ScoredLine],
) -> ScoredLine:
    at = len(out)
    weight, actual = weights[line.key], actuals.get(line.key)
    if line.children and actual is None:
        out.append(ScoredLine(level, line, weight, None, None))
        parts = [_score_line(child, level + 1, weights, actuals, digits, out) for child in line.children]
        scored = ScoredLine(level, line, weight, None, *_sums(parts))
    else:
        out.append(ScoredLine(level, line, weight, actual, None))
        for child in line.children:
            _score_line(child, level + 1, weights, {}, digits, out)
        scored = _score_leaf(line, level, weight, actual, digits)
    out[at] = replace(scored, findings=line_findings(line, scored.weight, scored.actual, scored.score))
    return out[at]


def _sums(parts: list[ScoredLine]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Score, low and high of a parent; ends only where a child has an interval."""
    if any(part.score is None for part in parts):
        return None, None, None
    scores = [part.score or Decimal(0) for part in parts]
    total = sum(scores, Decimal(0))
    if all(part.low is None for part in parts):
        return total, None, None
    low = sum((part.low if part.low is not None else part.score or Decimal(0) for part in parts), Decimal(0))
    high = sum((part.high if part.high is not None else part.score or Decimal(0) for part in parts), Decimal(0))
    return total, low, high


def _score_leaf(line: Indicator, level: int, weight: Decimal | None, actual: Actual | None, digits: int) -> ScoredLine:
    if weight is None or actual is None:
        return ScoredLine(level, line, weight, actual, None)
    if not actual.assessed:
        return ScoredLine(level, line, weight, actual, Decimal(0))
    scored, one, other = (
        None if value is None else _points(line, weight, replace(actual, value=value), digits)
        for value in (actual.value, actual.low, actual.high)
    )
    if one is None or other is None:
        return ScoredLine(level, line, weight, actual, scored)
    return ScoredLine(level, line, weight, actual, scored, min(one, other), max(one, other))


def _points(line: Indicator, weight: Decimal, actual: Actual, digits: int) -> Decimal | None:
    try:
        return half_up(points(line, weight, actual), digits)
    except ScoringError as error:
        if error.code in {"no_numeric_actual", "no_rule"}:
            return None  # said as a finding, beside what else is wrong with the line
        raise


def _row(each: ScoredLine) -> dict[str, Any]:
    line, actual = each.line, each.actual
    return {
        "level": each.level,
        "path": line.path,
        "name": line.name,
        "weight": each.weight,
        "rule": line.rule.type if line.rule else None,
        "target": line.target.text if line.target else None,
        "actual": None if actual is None else actual_text(line, actual),
        "score": each.score,
        "low": each.low,
        "high": each.high,
        "score_stated": line.score_stated,
        "evidence": "、".join(actual.evidence) if actual else "",
        "reason": actual.reason if actual else "",
        "findings": " ".join(finding.code for finding in each.findings),
    }


def actual_text(line: Indicator, actual: Actual) -> str:
    """An actual value as it is printed: rates in per cent with two decimals, lists of items joined."""
    value = actual.value
    if isinstance(value, float) or (isinstance(value, (int, Decimal)) and _is_rate(line)):
        return percent_text(value) if _is_rate(line) else f"{half_up(value).normalize():f}{line.unit}"
    if isinstance(value, Mapping):
        return "；".join(f"{name} {given}" for name, given in value.items())
    if isinstance(value, (list, tuple)):
        return "、".join(str(each) for each in value)
    return "" if value is None else f"{value}{line.unit}"


def _is_rate(line: Indicator) -> bool:
    if line.target is not None and line.target.value is not None:
        return line.target.percent
    return line.rule is not None and line.rule.type in {
        "proportional", "bands", "range_deduct", "not_assessed_reassign", "override_zero",
    }  # fmt: skip
