"""The categories of assistance: codes, what rosters call them, and which is a household's main one."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

MAIN_ORDER = (
    *("4", "3", "8", "9", "1", "2", "5", "6"),
    *("11", "10", "7", "15", "14", "12", "18", "16", "17", "19", "20", "13"),
)
"""Which list decides where a household on several lists belongs; a study may give another order.

The first is the one that carries most of the household's living, and by whose rules it is judged:
集中特困, then 分散特困 (the full support of a person; it excludes 低保 by rule, so both together is 特困),
孤儿, 事实无人抚养儿童 (a child's whole living), 城市低保, 农村低保 (tops a household's income up),
低保边缘, 刚性支出 (recognised households without a payment), 重度残疾护理, 困难残疾生活 (a supplement to
one person, mostly on top of 低保), 临时救助 (once), 精减退职, 涉诉 (local projects), 防止返贫监测
(watched by another department), 专项 (in kind or once), 流浪乞讨 (no household).
"""

_AMBIGUOUS = {
    *(
        "低保",
        "低保户",
        "低保对象",
        "最低生活保障",
        "低保人员",
        "最低生活保障对象",
        "最低生活保障家庭",
        "居民最低生活保障",
    ),
    *("低保家庭", "居民低保", "城乡低保", "城乡居民最低生活保障"),
}
_LIVING_UNSAID = {
    "特困",
    "特困人员",
    "五保",
    "五保户",
    "农村五保",
    "特困供养",
    "特困人员供养",
    "特困供养人员",
    "特困对象",
    "五保供养",
}
_ENDINGS = re.compile(r"(?:救助|保障|供养)?(?:对象|人员|户|家庭|人口|待遇|金|名册|花名册|名单)+$")


@dataclass(frozen=True)
class Category:
    """One line of the code list. `unit`: 户 (the household is the unit) or 人 (each person on it is)."""

    code: str
    name: str
    unit: Literal["户", "人"]
    monthly: bool | None
    """Paid month by month; None where local rules decide."""
    one_off: bool


@dataclass(frozen=True)
class Ambiguous:
    """A word that names a kind of assistance but not which of its two categories."""

    word: str


@cache
def all_categories() -> Mapping[str, Category]:
    """The code list by code."""
    return {row["code"]: _category(row) for row in _rows()}


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with (Path(__file__).parent / "aid_categories.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _category(row: Mapping[str, str]) -> Category:
    # 户/人次 is counted by household, 人次 by person: the frame holds units, not payments.
    unit: Literal["户", "人"] = "户" if row["unit"].startswith("户") else "人"
    monthly = row["p_monthly_default"] == "1"
    return Category(
        row["code"],
        row["name"],
        unit,
        None if row["payment"] == "按地方规定" else monthly,
        row["payment"] == "一次性",
    )


@cache
def _synonyms() -> dict[str, str]:
    words = {row["code"]: row["code"] for row in _rows()}
    for row in _rows():
        words |= {_plain(word): row["code"] for word in row["synonyms"].split("|")}
    return words


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\s()\[\]【】《》“”\"'·.—_-]+", "", text)


def recognise(text: str, area: str = "") -> tuple[str, ...] | Ambiguous | None:
    """The codes that a cell names; several where it lists several (低保、重残).

    Args:
        text: what stands in the cell.
        area: 城镇 or 农村, which decides what plain 低保 means.

    Returns:
        None where the word is not known; `Ambiguous` where it could be either of two categories.
    """
    whole = _one(text, area)
    if whole is not None:
        return whole if isinstance(whole, Ambiguous) else (whole,)
    parts = [_one(part, area) for part in re.split(r"[、,，;；/+＋和及]", text) if part.strip()]
    if len(parts) < 2 or any(part is None for part in parts):
        return None
    ambiguous = next((part for part in parts if isinstance(part, Ambiguous)), None)
    return ambiguous or tuple(dict.fromkeys(part for part in parts if isinstance(part, str)))


def _one(text: str, area: str) -> str | Ambiguous | None:
    plain = _plain(text)
    words = _synonyms()
    for word in (plain, _ENDINGS.sub("", plain)):
        if word in words:
            return words[word]
        if word in _AMBIGUOUS:
            return {"城镇": "1", "农村": "2"}.get(area) or Ambiguous(text)
        if word in _LIVING_UNSAID:
            return Ambiguous(text)
    return None


def mentioned(text: str) -> str | None:
    """The one category that a file's name or a title speaks of, or None where it names none or several."""
    plain = _plain(text)
    found: dict[str, str] = {}
    for word, code in sorted(_synonyms().items(), key=lambda item: -len(item[0])):
        if len(word) > 1 and not word.isdigit() and word in plain:
            found[word] = code
            plain = plain.replace(word, "|")
    codes = set(found.values())
    return codes.pop() if len(codes) == 1 else None


def rank(order: tuple[str, ...] = MAIN_ORDER) -> dict[str, int]:
    """Code → place in the order, from 0; codes that the order leaves out come after all others."""
    rest = [code for code in all_categories() if code not in order]
    return {code: place for place, code in enumerate((*order, *rest))}
