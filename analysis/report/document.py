"""A report as a sequence of blocks: the same for Word and for print.

Headings, tables and pictures are numbered here, once, in the manner of official Chinese documents:
一、 （一） 1. （1）, 表1, 图1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pandas as pd

from analysis.report.disclosure import mask_personal
from analysis.report.workbook import Column
from analysis.rounding import half_up

DASH = "—"
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Cover:
    """The first page: a title, and lines such as who commissioned it, who wrote it, when."""

    title: str
    lines: Sequence[str] = ()
    banner: str = ""


@dataclass(frozen=True)
class Heading:
    """level: 1 to 4."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text; a note is set smaller and without indent. Personal numbers in it are masked."""

    text: str
    note: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption above and its notes below."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class Picture:
    """A drawing (SVG) with its caption below; `alt` says it in words."""

    caption: str
    svg: str
    alt: str = ""


Block = Cover | Heading | Paragraph | Table | Picture


@dataclass(frozen=True)
class Numbered:
    """A block with what its heading or caption says in front: "一、", "表1"."""

    block: Block
    label: str = ""


def number(blocks: Iterable[Block]) -> Iterator[Numbered]:
    """Every block with its number; a heading starts its lower levels anew."""
    levels = [0, 0, 0, 0]
    counts = {"表": 0, "图": 0}
    for block in blocks:
        if isinstance(block, Heading):
            levels[block.level - 1] += 1
            levels[block.level :] = [0] * (4 - block.level)
            yield Numbered(block, heading_label(block.level, levels[block.level - 1]))
        elif isinstance(block, (Table, Picture)):
            kind = "表" if isinstance(block, Table) else "图"
            counts[kind] += 1
            yield Numbered(block, f"{kind}{counts[kind]}")
        else:
            yield Numbered(block)


def heading_label(level: int, count: int) -> str:
    """一、 （一） 1. （1）"""
    spoken = chinese_number(count)
    return (f"{spoken}、", f"（{spoken}）", f"{count}.", f"（{count}）")[level - 1]


def chinese_number(count: int) -> str:
    """1 to 99 as 一 to 九十九."""
    tens, ones = divmod(count, 10)
    head = "" if not tens else ("十" if tens == 1 else f"{_DIGITS[tens]}十")
    return head + (_DIGITS[ones] if ones or not tens else "")


def printed(value: Any, column: Column) -> str:  # noqa: ANN401 - a cell
    """A cell as it stands in print: per cent and numbers rounded half up, a dash for what is not there."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return DASH
    if isinstance(value, str):
        return mask_personal(value)
    if isinstance(value, (datetime, date)):
        return f"{value:%Y-%m-%d %H:%M}" if column.kind == "datetime" else f"{value:%Y-%m-%d}"
    if column.kind == "percent":
        return f"{half_up(value * 100, column.digits)}%"
    if column.kind == "number":
        return str(half_up(value, column.digits))
    return str(int(value)) if column.kind == "integer" else str(value)
