"""Invented rosters, as messy as real ones: a small district like 昆明呈贡, and a city like 巴中.

Nobody in them exists: the ID numbers carry valid check digits but begin with an area that is none (99…), the
telephones a prefix that was never given out (154…), and counties and towns are made up.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xlsxwriter

Row = Sequence[str | float]

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
_GIVEN = "伟芳秀英敏静丽强磊军洋勇艳杰涛明超兰霞平刚桂华玉珍建国文红梅春生福贵金凤德顺永清学忠光荣世昌万成素琼"
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECK = np.array(list("10X98765432"))

YEAR = 2025

ALLOWANCE_HEADERS = (
    *("序号", "县（市、区）", "乡镇（街道）", "村（社区）", "户编号", "户主姓名", "姓名", "与户主关系", "身份证号"),
    *("救助类别", "保障人口", "户月发放金额（元）", "联系电话", "家庭住址", "保障标准（元/月）", "标准年度"),
)
SUPPORT_HEADERS = (
    *("序号", "县（市、区）", "乡镇（街道）", "村（社区）", "姓名", "身份证号码", "供养方式", "月供养金（元）"),
    *("联系电话", "详细地址", "供养标准（元/月）", "标准年度"),
)


@dataclass(frozen=True)
class Town:
    """A township or street of the invented country."""

    county: str
    name: str
    code: str
    villages: tuple[str, ...]
    urban: bool


class People:
    """An endless supply of invented people, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self._number = 0

    def names(self, count: int) -> list[str]:
        """Names of two or three characters."""
        first = self.random.integers(len(_SURNAMES), size=count)
        second, third = self.random.integers(len(_GIVEN), size=(2, count))
        three = self.random.random(count) < 0.75
        parts = zip(first, second, third, three, strict=True)
        return [_SURNAMES[a] + _GIVEN[b] + (_GIVEN[c] if more else "") for a, b, c, more in parts]

    def ids(self, count: int, born: tuple[int, int] = (1935, 2015)) -> list[str]:
        """ID numbers with valid check digits, never the same twice."""
        serial = np.arange(self._number, self._number + count)
        self._number += count
        year = self.random.integers(*born, size=count)
        month, day = self.random.integers(1, 13, size=count), self.random.integers(1, 29, size=count)
        # The serial number is spread over the area (990000 upwards) and the last three digits.
        body = ((990_000 + serial // 1000) * 10_000 + year) * 10_000 + month * 100 + day
        body = body * 1000 + serial % 1000
        digits = body[:, None] // 10 ** np.arange(16, -1, -1) % 10
        check = _CHECK[digits @ _WEIGHTS % 11]
        return [f"{number}{digit}" for number, digit in zip(body, check, strict=True)]

    def phones(self, count: int) -> list[str]:
        """Mobile numbers, mostly different."""
        return [f"154{number:08d}" for number in self.random.integers(10**8, size=count)]


def small_district(seed: int = 2023) -> dict[str, bytes]:
    """A district of 昆明呈贡's size: file name → content.

    城市低保 139 households of 166 persons, 特困 19 people (12 集中, 7 分散), 涉诉救助 22 people, 临时救助 21
    households, 精减退职 12 people; one file per street for 低保, one each for the others.
    """
    people = People(seed)
    streets = [
        Town("云溪区", f"{name}街道", f"5399210{number:02d}", (f"{name}东社区", f"{name}西社区"), urban=True)
        for number, name in enumerate(("龙泉", "雨花", "洛羊", "斗南"), start=1)
    ]
    files = {}
    left = [(36, 43), (35, 42), (34, 41), (34, 40)]
    for street, (households, persons) in zip(streets, left, strict=True):
        rows = list(_allowance(people, street, households, persons, "城市低保", 728))
        title = f"云溪区{street.name}城市低保对象花名册"
        table = [[title], [], ALLOWANCE_HEADERS, *rows, ["", "合计", "", f"{households}户{persons}人"]]
        files[f"{street.name}低保.xlsx"] = workbook({"低保": table})
    files["特困人员.xlsx"] = workbook(
        {
            "集中供养": [SUPPORT_HEADERS, *_support(people, streets[0], 12, "集中供养", 947 + 285, 947)],
            "分散供养": [SUPPORT_HEADERS, *_support(people, streets[1], 7, "分散供养", 947 + 57, 947)],
        }
    )
    for name, count, amount in (("涉诉救助", 22, ""), ("临时救助", 21, 3000.0), ("精减退职", 12, 650.0)):
        headers = [text if text != "供养方式" else "救助类别" for text in SUPPORT_HEADERS]
        headers = [text if text != "月供养金（元）" else "金额（元）" for text in headers]
        rows = [
            row
            for i, street in enumerate(streets)
            for row in _support(people, street, _share(count, 4, i), name, amount)
        ]
        files[f"{name}.csv"] = _csv([headers, *rows]).encode("gb18030" if name == "涉诉救助" else "utf-8-sig")
    return files


def _share(count: int, parts: int, number: int) -> int:
    return count // parts + (number < count % parts)


def city(folder: Path, seed: int = 2019, rows: tuple[int, int] = (386_000, 14_200)) -> list[Path]:
    """Forty township files of a city of 巴中's size: `rows` of 低保 and of 特困 over five counties.

    Most are workbooks with a sheet for each list; four are CSV, two of them GB18030. A few rows in a thousand of
    every township are wrong in each of the usual ways, and each file has titles, repeated headers and totals.
    """
    people = People(seed)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, town in enumerate(_towns()):
        allowance = list(_allowance_of_town(people, town, _share(rows[0], 40, number)))
        support = list(_support_of_town(people, town, _share(rows[1], 40, number)))
        spoil(people.random, allowance, id_column=8, phone_column=12, category_column=9)
        allowance_table = _printed(f"{town.county}{town.name}最低生活保障对象花名册", ALLOWANCE_HEADERS, allowance)
        support_table = _printed(f"{town.county}{town.name}特困人员名册", SUPPORT_HEADERS, support)
        path = folder / f"{town.county}{town.name}"
        if number % 10 == 9:
            path = path.with_suffix(".csv")
            table = _csv([*allowance_table, *_as_allowance(support)])
            path.write_bytes(table.encode("gb18030" if number % 20 == 9 else "utf-8-sig"))
        else:
            path = path.with_suffix(".xlsx")
            path.write_bytes(workbook({"低保": allowance_table, "特困": support_table}))
        paths.append(path)
    return paths


def _towns() -> Iterator[Town]:
    counties = (("柳湾县", "21"), ("青石县", "22"), ("云岭县", "23"), ("南江区", "02"), ("白水区", "03"))
    names = ("城关", "东河", "石门", "长坝", "高塔", "清溪", "龙岗", "花丛")
    for county, part in counties:
        for number, name in enumerate(names, start=1):
            urban = number == 1
            villages = tuple(f"{name}{place}{'社区' if urban else '村'}" for place in "一二三四五六七八九十")
            code = f"5199{part}{number if urban else 100 + number:03d}"
            yield Town(county, name + ("街道" if urban else "镇"), code, villages, urban)


def _allowance_of_town(people: People, town: Town, persons: int) -> Iterator[list[str | float]]:
    category, standard = ("城市低保", 728) if town.urban else ("农村低保", 480)
    yield from _allowance(people, town, round(persons / 1.8), persons, category, standard)


def _allowance(
    people: People, town: Town, households: int, persons: int, category: str, standard: int
) -> Iterator[list[str | float]]:
    """Rows of 低保, a row per person, the head first; `persons` people shared over `households`."""
    sizes = np.ones(households, dtype=int)
    np.add.at(sizes, people.random.integers(households, size=persons - households), 1)
    names, ids = people.names(persons), people.ids(persons)
    phones = people.phones(households)
    gap = people.random.integers(20, 90, size=households) * 10
    villages = people.random.integers(len(town.villages), size=households)
    row = 0
    for household, size in enumerate(sizes.tolist()):
        head, village = names[row], town.villages[villages[household]]
        number = f"{town.code}{household + 1:06d}"
        amount = float(min(gap[household], standard) * size)
        for member in range(size):
            relation = ("户主", "配偶", "子", "女")[min(member, 3)]
            yield [
                *(row + 1, town.county, town.name, village, number, head, names[row], relation, ids[row], category),
                *(size, amount, phones[household], f"{village}{household % 9 + 1}组{household % 97 + 1}号"),
                *(standard, YEAR),
            ]
            row += 1


def _support_of_town(people: People, town: Town, count: int) -> Iterator[list[str | float]]:
    in_homes = count // 3
    yield from _support(people, town, in_homes, "集中供养", 950.0, 720)
    yield from _support(people, town, count - in_homes, "分散供养", 720.0, 720)


def _support(
    people: People, town: Town, count: int, kind: str, amount: float | str, standard: float | str = ""
) -> Iterator[list[str | float]]:
    """Rows of a list of single persons."""
    names, ids = people.names(count), people.ids(count, (1935, 1965))
    phones = people.phones(count)
    for row in range(count):
        village = town.villages[row % len(town.villages)]
        place = f"{town.name}敬老院" if kind == "集中供养" else f"{village}{row % 9 + 1}组{row % 97 + 1}号"
        person = (names[row], ids[row], kind, amount, phones[row], place, standard, YEAR if standard else "")
        yield [row + 1, town.county, town.name, village, *person]


def _as_allowance(support: Iterable[Row]) -> Iterator[Row]:
    """特困 rows in the columns of the 低保 table, for files of one sheet."""
    for serial, county, town, village, name, number, kind, amount, phone, place, *standard in support:
        yield [serial, county, town, village, "", name, name, "本人", number, kind, 1, amount, phone, place, *standard]


def _printed(title: str, headers: Row, rows: list[list[str | float]]) -> list[Row]:
    """A table as offices print it: title, date, header, the header again every thousand rows, totals."""
    table: list[Row] = [[title], ["", "", "填报单位：民政办"], headers]
    for start in range(0, len(rows), 1000):
        table += [headers] if start else []
        table += rows[start : start + 1000]
    return [*table, ["合计", "", "", "", f"{len(rows)}人"], ["填表人：", "", "审核人："]]


def spoil(
    random: np.random.Generator,
    rows: list[list[str | float]],
    *,
    id_column: int,
    phone_column: int,
    category_column: int,
    share: float = 0.001,
) -> None:
    """Make `share` of the rows wrong in each of the usual ways, in place."""
    each = max(1, round(len(rows) * share))
    chosen = iter(random.permutation(len(rows)).tolist())
    for _ in range(each):
        digit, damaged, wide, old, short = (rows[next(chosen)] for _ in range(5))
        digit[id_column] = _mistyped(str(digit[id_column]))
        damaged[id_column] = float(str(damaged[id_column])[:17] + "0")
        wide[id_column] = str(wide[id_column]).translate({48 + n: 0xFF10 + n for n in range(10)})
        old[phone_column] = "12345"
        short[id_column] = str(short[id_column])[:17]
        unknown, landline, repeated, cadre = (rows[next(chosen)] for _ in range(4))
        unknown[category_column] = "特殊照顾"
        landline[phone_column] = "5221234"
        repeated[id_column] = rows[next(chosen)][id_column]
        cadre[phone_column] = rows[0][phone_column]


def _mistyped(number: str) -> str:
    """The same number with its last but one digit changed."""
    return number[:16] + str((int(number[16]) + 1) % 10) + number[17]


def workbook(sheets: dict[str, Iterable[Row]]) -> bytes:
    """A workbook with these sheets; the same rows give the same bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True})
    book.set_properties({"created": dt.datetime(2025, 12, 1, tzinfo=dt.UTC)})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                else:
                    sheet.write_number(number, column, value)
    book.close()
    return buffer.getvalue()


def _csv(rows: Iterable[Row]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()
