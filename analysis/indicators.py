"""Indicator tables (评分表) of any depth: what is scored, for how many points, by which rule, against which target.

A table is read from YAML (`load_table`) or made from a mapping (`table_from`). Weights that were never published
stay None; nothing is ever filled in for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import yaml

from analysis.errors import ScoringError
from analysis.rounding import to_decimal

MOST_LEVELS = 8
MOST_INDICATORS = 2000
FUNDS = ("received", "carried_over", "spent", "balance")
"""What is stated of the money of a line."""

_TARGET = re.compile(r"^(>=|<=|=|>|<|≥|≤|＝)?\s*(-?\d+(?:\.\d+)?)\s*([%％]?)$")
_SIGNS = {"≥": ">=", "≤": "<=", "＝": "=", None: ">=", "": ">="}


@dataclass(frozen=True)
class Target:
    """What was aimed at: `op` is >=, <=, =, > or <, or "qualitative" with its words.

    value: a fraction where the target was written in per cent, else a number in the unit of the indicator.
    """

    op: str
    text: str
    value: Decimal | None = None
    percent: bool = False

    def met(self, actual: Decimal) -> bool:
        """Whether a value reaches the target; always for a qualitative one, which no number can miss."""
        if self.value is None:
            return True
        reached = {
            ">=": actual >= self.value,
            ">": actual > self.value,
            "<=": actual <= self.value,
            "<": actual < self.value,
            "=": actual == self.value,
        }
        return reached[self.op]


@dataclass(frozen=True)
class Rule:
    """How a value becomes points: a type of scoring_rules.RULES and its parameters."""

    type: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Indicator:
    """One line of the table. key: its name, unique in the table. weight: points, None where not published."""

    key: str
    name: str
    weight: Decimal | None
    rule: Rule | None = None
    target: Target | None = None
    path: str = ""
    unit: str = ""
    metric: str | None = None
    note: str = ""
    score_stated: Decimal | None = None
    actual_stated: str | None = None
    n_stated: int | None = None
    sampling_stated: str = ""
    evidence_stated: str = ""
    funds_stated: tuple[tuple[str, Decimal], ...] = ()
    """Amounts by name: received, carried_over, spent, balance."""
    row: int | None = None
    """The row of a sheet that it was read from, as Excel counts."""
    children: tuple[Indicator, ...] = ()


@dataclass(frozen=True)
class IndicatorTable:
    """A table of indicators: `total` points, rounded to `digits` decimals half up."""

    id: str
    title: str
    total: Decimal
    roots: tuple[Indicator, ...]
    digits: int = 2
    grade_stated: str | None = None
    score_stated: Decimal | None = None

    def walk(self) -> Iterator[tuple[int, Indicator]]:
        """Every line with its level from 1, parents before children."""
        yield from _walk(self.roots, 1)

    def leaves(self) -> list[Indicator]:
        """The lines that are scored themselves."""
        return [line for _, line in self.walk() if not line.children]


@cache
def tables() -> tuple[IndicatorTable, ...]:
    """The tables that are shipped."""
    folder = resources.files("analysis.catalog").joinpath("indicators")
    texts = [entry.read_text("utf-8") for entry in sorted(folder.iterdir(), key=lambda e: e.name)]
    raws = [yaml.safe_load(text) for text in texts]
    return tuple(table_from(raw) for raw in raws if "tree" in raw)


def shipped_table(table_id: str) -> IndicatorTable:
    """A shipped table by its id. Raises ScoringError where there is none."""
    for table in tables():
        if table.id == table_id:
            return table
    known = ", ".join(table.id for table in tables())
    raise ScoringError("table", f"no indicator table is called {table_id!r}; there are {known}", table=table_id)


def load_table(text: str) -> IndicatorTable:
    """A table from YAML, as in catalog/indicators. Raises ScoringError naming the line that is wrong."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScoringError("yaml", f"the table is not readable as YAML: {error}") from error
    return table_from(raw)


def table_from(raw: object) -> IndicatorTable:
    """A table from a mapping with id, title, total and tree."""
    if not isinstance(raw, Mapping) or not raw.get("tree"):
        raise ScoringError("tree", "an indicator table needs `id`, `title` and a `tree` of indicators")
    table = IndicatorTable(
        id=str(raw.get("id", "")),
        title=str(raw.get("title", "")),
        total=_decimal(raw.get("total", 100), "total") or Decimal(100),
        roots=_children(raw["tree"], 1),
        digits=int(raw.get("rounding", 2)),
        grade_stated=raw.get("grade_stated"),
        score_stated=_decimal(raw.get("score_stated"), "score_stated"),
    )
    _refuse_doubles(table)
    return table


def target_from(text: object) -> Target:
    """ ">=90%", "<=30", 90 or "有效提高" as a target; per cent become fractions."""
    written = str(text).strip()
    match = _TARGET.match(written)
    if match is None:
        return Target("qualitative", written)
    sign, number, percent = match.groups()
    value = Decimal(number) / 100 if percent else Decimal(number)
    return Target(_SIGNS.get(sign, sign), written, value, bool(percent))


def _children(raws: object, level: int) -> tuple[Indicator, ...]:
    if not isinstance(raws, Sequence) or isinstance(raws, str):
        raise ScoringError("tree", f"the indicators of level {level} are not a list")
    if level > MOST_LEVELS:
        raise ScoringError("levels", f"an indicator table has at most {MOST_LEVELS} levels", most=MOST_LEVELS)
    return tuple(_indicator(raw, level) for raw in raws)


def _indicator(raw: object, level: int) -> Indicator:
    if not isinstance(raw, Mapping) or not raw.get("name"):
        raise ScoringError("name", f"an indicator of level {level} has no name")
    name = str(raw["name"])
    stated = raw.get("actual_stated", raw.get("actual"))
    return Indicator(
        key=name,
        name=name,
        weight=_decimal(raw.get("weight"), name),
        rule=_rule(raw.get("rule"), name),
        target=_target(raw, name),
        path=str(raw.get("path", "")),
        unit=str(raw.get("unit", "")),
        metric=raw.get("metric") or (raw.get("rule") or {}).get("metric"),
        note=str(raw.get("note", "")),
        score_stated=_decimal(raw.get("score_stated"), name),
        actual_stated=None if stated is None else str(stated),
        n_stated=_count(raw.get("n_stated"), name),
        sampling_stated=str(raw.get("sampling_stated") or ""),
        evidence_stated=str(raw.get("evidence_stated") or ""),
        funds_stated=tuple((key, amount) for key in FUNDS if (amount := _amount(raw.get(key), name)) is not None),
        row=raw.get("row"),
        children=_children(raw["children"], level + 1) if raw.get("children") else (),
    )


def _rule(raw: object, name: str) -> Rule | None:
    from analysis.scoring_rules import RULES  # noqa: PLC0415 - rules are defined on the types of this module

    if raw is None:
        return None
    kind = raw.get("type") if isinstance(raw, Mapping) else None
    if not isinstance(raw, Mapping) or kind not in RULES:
        known = ", ".join(RULES)
        raise ScoringError("rule", f"{name}: no rule is called {kind!r}; there are {known}", indicator=name, rule=kind)
    return Rule(str(kind), {key: value for key, value in raw.items() if key != "type"})


def _target(raw: Mapping[str, Any], name: str) -> Target | None:
    rule = raw.get("rule") or {}
    text = raw.get("target", rule.get("target"))
    if text is None:
        return None
    if isinstance(text, bool):
        raise ScoringError("target", f"{name}: {text} is no target", indicator=name)
    return target_from(text)


def _decimal(value: object, where: str) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ScoringError("number", f"{where}: {value!r} is not a number of points", indicator=where, value=value)
    try:
        number = to_decimal(value)
    except ArithmeticError as error:
        raise ScoringError("number", f"{where}: {value!r} is not a number of points", indicator=where) from error
    if not number.is_finite() or number < 0:
        raise ScoringError("number", f"{where}: {value} points are impossible", indicator=where, value=value)
    return number


def _count(value: object, where: str) -> int | None:
    """A number of answers: 1,200 or 1200份."""
    if value is None or value == "":
        return None
    bare = re.sub(r"[,，\s份人户个]", "", str(value))
    if not bare.isdecimal() or int(bare) == 0:
        raise ScoringError("number", f"{where}: {value!r} is no number of answers", indicator=where, value=value)
    return int(bare)


def _amount(value: object, where: str) -> Decimal | None:
    """An amount of money: 1,007.077 or 7.743万元; below 0 where too much was spent."""
    if value is None or value == "":
        return None
    bare = re.sub(r"[,，\s万元]", "", str(value))
    try:
        number = Decimal(bare)
    except ArithmeticError as error:
        raise ScoringError("number", f"{where}: {value!r} is no amount", indicator=where, value=value) from error
    return number


def _walk(lines: Sequence[Indicator], level: int) -> Iterator[tuple[int, Indicator]]:
    for line in lines:
        yield level, line
        yield from _walk(line.children, level + 1)


def _refuse_doubles(table: IndicatorTable) -> None:
    seen: set[str] = set()
    for count, (_, line) in enumerate(table.walk(), 1):
        if line.key in seen:
            message = f"two indicators are called {line.name!r}: give each a name of its own"
            raise ScoringError("double", message, indicator=line.name)
        if count > MOST_INDICATORS:
            raise ScoringError("long", f"an indicator table has at most {MOST_INDICATORS} lines")
        seen.add(line.key)
