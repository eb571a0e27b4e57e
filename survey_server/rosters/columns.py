"""Which column is what: guessed from names and contents, corrected by hand, remembered by the headers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from survey_server.rosters.categories import mentioned, recognise
from survey_server.rosters.layout import Table
from survey_server.rosters.vocabulary import FIELDS, REPEATABLE, header_meaning, normalise_header

SAMPLE = 200
"""So many filled cells of a column are looked at."""
TAKEN = 0.5
"""A guess below this score is left to the user."""

CONSTANTS = ("county", "town", "village", "category", "area", "standard", "standard_year")
"""Fields that may be given once for a whole file."""

_CJK = "\u4e00-\u9fff"
_PATTERNS: dict[str, re.Pattern[str]] = {
    "id_number": re.compile(r"\d{17}[\dXx]|\d{15}|\d(?:\.\d+)?E\+1[67]"),
    "phone": re.compile(r"(?:\+?86-?)?1[3-9]\d{9}(?:\D.*)?|0\d{2,3}-?\d{7,8}"),
    "county": re.compile(rf"[{_CJK}]{{1,12}}[县区旗市]"),
    "town": re.compile(rf"[{_CJK}]{{1,15}}(?:镇|乡|街道|办事处|街道办|苏木)"),
    "village": re.compile(rf"[{_CJK}\d]{{1,20}}(?:村|社区|居委会|村委会|居|嘎查)"),
    "group": re.compile(rf"[{_CJK}\d]{{1,8}}(?:组|社|队)|\d{{1,2}}"),
    "region_code": re.compile(r"[1-8]\d{5}|[1-8]\d{8}|[1-8]\d{11}|\d(?:\.\d+)?E\+11"),
    "relation": re.compile(
        r"本人|户主|配偶|妻子?|丈夫|夫|子|女|儿子|女儿|父亲?|母亲?|孙子?|孙女|兄弟?|姐妹?|之?[夫妻子女父母]|其他|其它|长[子女]|次[子女]|儿媳|女婿|祖[父母]"
    ),
    "area": re.compile(r"城镇|农村|城市|乡村|农业|非农业?|非农业户口|农业户口|居民|城|乡|农"),
    "persons": re.compile(r"\d{1,2}"),
    "family": re.compile(r"\d{1,2}"),
    "amount": re.compile(r"-?\d{1,6}(?:\.\d{1,2})?元?"),
    "amount_person": re.compile(r"-?\d{1,6}(?:\.\d{1,2})?元?"),
    "standard": re.compile(r"\d{3,5}(?:\.\d{1,2})?元?"),
    "standard_year": re.compile(r"20\d\d年?"),
    "card": re.compile(r"\d{16,19}|\d{4}|\d(?:\.\d+)?E\+1[5-8]"),
    "lon": re.compile(r"(?:东经)?\d{2,3}(?:\.\d+)?[°度]?E?"),
    "lat": re.compile(r"(?:北纬)?\d{1,2}(?:\.\d+)?[°度]?N?"),
    "position": re.compile(r"\D{0,2}\d{1,3}(?:\.\d+)?[°度]?[EN]?[,，;；/、]?\D{0,2}\d{1,3}(?:\.\d+)?[°度]?[EN]?"),
    "status": re.compile(r"正常|在保|停发|停保|暂停|退出|死亡|注销|享受中?|是|否|已?取消|新增|恢复|去世"),
    "name": re.compile(rf"[{_CJK}·]{{2,4}}|[{_CJK}]+·[{_CJK}·]+"),
    "head_name": re.compile(rf"[{_CJK}·]{{2,4}}|[{_CJK}]+·[{_CJK}·]+"),
    "head_id_number": re.compile(r"\d{17}[\dXx]|\d{15}|\d(?:\.\d+)?E\+1[67]"),
    "household_no": re.compile(r"[A-Za-z0-9\-]{1,30}"),
    "serial": re.compile(r"\d{1,6}"),
    "address": re.compile(rf"(?=.*[{_CJK}]).{{4,120}}"),
}
_TELLING = {"id_number": 0.75, "phone": 0.7, "category": 0.7, "town": 0.6, "village": 0.55, "relation": 0.55}
"""Contents that speak for themselves where the name says nothing, and how much they then count."""


@dataclass(frozen=True)
class Guess:
    """What a column seems to be. `score`, `by_name` and `by_content` are fractions between 0 and 1."""

    field: str
    score: float
    by_name: float
    by_content: float


@dataclass(frozen=True)
class ColumnMap:
    """Column number → field, and what holds for the whole sheet. Plain JSON by `columns_to_json`."""

    fingerprint: str
    headers: tuple[str, ...]
    columns: Mapping[int, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    guesses: Mapping[int, Guess] = field(default_factory=dict)


def fingerprint(headers: tuple[str, ...]) -> str:
    """A short name of a list of headers; blanks, brackets and units make no difference."""
    plain = json.dumps([normalise_header(header) for header in headers], ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def guess_columns(table: Table, remembered: Mapping[str, Mapping[str, str]] | None = None) -> ColumnMap:
    """What the columns of a table are: as remembered for these headers, else guessed.

    Args:
        table: one sheet.
        remembered: fingerprint → {column number as text: field}, as `columns_to_json` gave it.
    """
    mark = fingerprint(table.headers)
    known = (remembered or {}).get(mark)
    guesses = {column: _guess(table, column) for column in range(len(table.headers))}
    if known is not None:
        columns = {int(column): name for column, name in known.items() if int(column) < len(table.headers)}
    else:
        columns = _assign(guesses)
    return ColumnMap(mark, table.headers, columns, _constants(table, set(columns.values())), guesses)


def with_constants(mapping: ColumnMap, said: Mapping[str, str]) -> ColumnMap:
    """The mapping with what somebody said of the whole sheet; a blank takes a guess away."""
    constants = {name: value for name, value in {**mapping.constants, **said}.items() if value}
    return replace(mapping, constants=constants)


def columns_to_json(mapping: ColumnMap) -> dict[str, str]:
    """What to remember of a mapping for the next file with the same headers (constants belong to one file)."""
    return {str(column): name for column, name in mapping.columns.items()}


def columns_from_json(plain: Mapping[str, str]) -> dict[int, str]:
    """Columns from `columns_to_json`, or as somebody said; a blank field leaves the column behind.

    Raises:
        ValueError: an unknown field, or two columns for a field that has one.
    """
    columns = {int(column): str(name) for column, name in plain.items() if name}
    names = [name for name in columns.values() if name not in REPEATABLE]
    unknown = [name for name in columns.values() if name not in FIELDS]
    twice = [name for name in names if names.count(name) > 1]
    for problem, found in (("unknown field", unknown), ("two columns for", twice)):
        if found:
            raise ValueError(f"{problem} {found[0]}")
    return columns


def _guess(table: Table, column: int) -> Guess:
    header = table.headers[column]
    values = table.cells[column]
    sample = values[values != ""].head(SAMPLE)
    named, by_name = header_meaning(header)
    if "/" in header and by_name < 1:
        named, by_name = max((header_meaning(header), header_meaning(header.split("/")[-1])), key=lambda m: m[1])
    if named == "ignore":
        return Guess("ignore", by_name, by_name, 0.0)
    if named:
        by_content = _share(named, sample)
        score = by_name if sample.empty else round(0.55 * by_name + 0.45 * by_content, 3)
        best = Guess(named, score, by_name, by_content)
        if score >= TAKEN:
            return best
    else:
        best = Guess("", 0.0, 0.0, 0.0)
    others = [
        Guess(name, weight * share, 0.0, share)
        for name, weight in _TELLING.items()
        if (share := _share(name, sample)) > 0.7
    ]
    return max([best, *others], key=lambda guess: guess.score)


def _share(name: str, sample: pd.Series) -> float:
    """The share of filled cells that look like the field; 1 for a field that may hold anything."""
    if sample.empty:
        return 0.0
    if name == "category":
        return float(sum(recognise(value) is not None for value in sample) / len(sample))
    pattern = _PATTERNS.get(name)
    if pattern is None:
        return 1.0
    return float(sum(pattern.fullmatch(value.replace(" ", "")) is not None for value in sample) / len(sample))


def _assign(guesses: Mapping[int, Guess]) -> dict[int, str]:
    """Each field goes to the column that fits best; a second telephone column is welcome."""
    columns: dict[int, str] = {}
    for column, guess in sorted(guesses.items(), key=lambda item: -item[1].score):
        free = guess.field in REPEATABLE or guess.field not in columns.values()
        if guess.field and guess.score >= TAKEN and free:
            columns[column] = guess.field
    return dict(sorted(columns.items()))


_COUNTY = re.compile(rf"(?:[{_CJK}]{{2,8}}?(?:省|自治区|市|州))?([{_CJK}]{{1,7}}?(?:县|区|旗))")
_TOWN = re.compile(rf"(?:[{_CJK}]{{1,15}}?(?:省|自治区|市|州|县|区|旗))*([{_CJK}]{{1,7}}?(?:镇|乡|街道))")


def _constants(table: Table, mapped: set[str]) -> dict[str, str]:
    """What the names of sheet and file, and the title, say of every row, where no column says it."""
    texts = [table.sheet, table.title, re.sub(r"\.\w+$", "", table.file)]
    constants = {}
    for name, found in (("category", mentioned), ("county", _first(_COUNTY)), ("town", _first(_TOWN))):
        if name not in mapped and not (name == "county" and "region_code" in mapped):
            value = next((value for text in texts if (value := found(text))), None)
            if value:
                constants[name] = value
    return constants


def _first(pattern: re.Pattern[str]) -> Any:  # noqa: ANN401 - a plain function
    def search(text: str) -> str | None:
        match = pattern.search(text)
        return match[1] if match else None

    return search
