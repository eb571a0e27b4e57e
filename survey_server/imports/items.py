"""What a file asks: its columns read as questions, whatever platform wrote them.

One question may stand in one column (多选 joined by ┋) or in a column an option; 矩阵 questions are a question a row.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

from survey_server.imports.files import AnswerTable

Kind = Literal["single", "multiple", "text", "meta"]
NOT_ALIKE = 0.4
MOST_VALUES = 40
"""A column with more distinct values is taken for text."""
SHOWN_VALUES = 200
JOINED = "┋"
EMPTY = frozenset({"", "(空)", "（空）", "(跳过)", "（跳过）", "-3", "-2", "n/a", "N/A", "NULL"})
"""What the platforms write where nothing was answered."""
TICKED = frozenset({"1", "TRUE", "True", "true", "√", "✓", "是", "选中", "已选"})
NOT_TICKED = frozenset({"0", "FALSE", "False", "false", "×", "否", "未选中", "未选"})
SUBMITTED = ("提交答卷时间", "结束答题时间", "提交时间", "submissiondate", "_submission_time", "end")
DURATION = ("所用时间", "答题时长", "用时")
_META = """
    序号 编号 答卷编号 来源 来源详情 来自ip ip 总分 开始答题时间 语言
    清洗数据结果 智能清洗数据无效概率 用户类型 用户标识 昵称 自定义字段 ua
    referrer 中奖信息 红包金额 地理位置 地理位置国家和地区 地理位置省 地理位置市
    省份 城市 key start today deviceid instanceid meta-instanceid meta/instanceid instancename _id _uuid
    __version__ formversion _index _status _submitted_by submitterid submittername attachmentspresent
    attachmentsexpected reviewstate devicename edits _validation_status _notes _tags rootuuid meta/rootuuid
    formhub/uuid _xform_id_string
"""
META = frozenset(_META.split())
"""Headings under which a platform writes what nobody answered."""
_NUMBER = re.compile(
    r"^\s*(?:Q|q|第)?(\d{1,3}(?:\.\d{1,2})?)(?:题)?\s*(?:[、.．:：_)）]+|\s+|(?=[^\d\s、.．]))\s*(.*)$", re.DOTALL
)
_PARTS = (
    re.compile(r"^(?P<stem>.+?)\s*[(（](?P<part>[^()（）]+)[)）]$"),
    re.compile(r"^(?P<stem>.+?)\s*(?:[:：]|—+|--|┋|/)\s*(?P<part>[^:：—/]+)$"),
    re.compile(r"^(?P<stem>.+?)(?:__(?P<part>\w+))$"),
    re.compile(r"^(?P<stem>.+?)_(?P<part>\d+)$"),
)
_OWN_WORDS = re.compile(r"[〖\[【].*?[〗\]】]|(?<=其他)[:：].*$|(?<=其它)[:：].*$")
_WRITTEN = re.compile(r"〖(.*)〗$|(?<=其他)[:：](.*)$|(?<=其它)[:：](.*)$", re.DOTALL)
"""What somebody wrote beside an option, as 问卷星 and 腾讯问卷 mark it."""
_KIND_MARK = re.compile(r"[\[【(（](?:单选题?|多选题?|填空题?|矩阵.*?题|必答|可选)[\]】)）]")


@dataclass(frozen=True)
class Item:
    """A question of the file.

    Attributes:
        key: its heading, by which decisions are remembered.
        number: as in 3、…, or empty; label: the words without it; name: the name of a variable, or the last part of
            a path (``group/q7``).
        columns: where it stands; options: of a column an option each, the option.
        values: the answers given, without words written beside an option, and how many gave each, most first; of a
            column an option, the options.
    """

    key: str
    number: str
    label: str
    name: str
    kind: Kind
    columns: tuple[int, ...]
    options: tuple[str, ...] = ()
    values: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def answer(self, row: Sequence[str]) -> tuple[str, ...]:
        """What a row answers here: the values, none where it says nothing."""
        if self.options:
            chosen = zip(self.columns, self.options, strict=True)
            return tuple(option for column, option in chosen if _is_ticked(row[column], option))
        text = row[self.columns[0]].strip()
        if text in EMPTY:
            return ()
        return _split(text) if self.kind == "multiple" else (text,)


def items_of(table: AnswerTable) -> list[Item]:
    """The questions of a file in their order, without what the platform itself wrote down."""
    found: list[Item] = []
    for _stem, group in groupby(_columns(table), key=lambda column: (column.stem, bool(column.part))):
        columns = list(group)
        found += [_joined(table, columns)] if _is_split(table, columns) else [_single(table, c) for c in columns]
    return _distinct(_without_split_twins(found))


def moments(table: AnswerTable, row: Sequence[str], zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime] | None:
    """When a respondent began and ended, as far as the platform says."""
    heads = [plain(heading) for heading in table.headings]
    ended = next((_moment(row[heads.index(plain(name))], zone) for name in SUBMITTED if plain(name) in heads), None)
    if ended is None:
        return None
    spent = next((_seconds(row[heads.index(plain(name))]) for name in DURATION if plain(name) in heads), 0)
    return ended - dt.timedelta(seconds=min(spent, 86_400)), ended


def plain(text: str) -> str:
    """Words for comparing: one width, no blanks, no punctuation, no case, no mark of the kind of question."""
    text = unicodedata.normalize("NFKC", _KIND_MARK.sub("", text)).casefold()
    return "".join(letter for letter in text if letter.isalnum() or letter == "_")


def alike(one: str, other: str) -> float:
    """How alike two texts are, from 0 to 1, after `plain` (difflib's ratio)."""
    one, other = plain(one)[:200], plain(other)[:200]
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() > NOT_ALIKE else 0.0


def without_own_words(value: str) -> str:
    """其他〖自己写的话〗 without the words that somebody wrote."""
    return _OWN_WORDS.sub("", value).strip() or value


def option_and_words(value: str) -> tuple[str, str]:
    """其他〖自己写的话〗 as the option and what somebody wrote beside it; empty where nothing was."""
    match = _WRITTEN.search(value)
    if match is None or not match.start():
        return value, ""
    return value[: match.start()].strip(), next((words.strip() for words in match.groups() if words), "")


def numbered(heading: str) -> tuple[str, str]:
    """The number that a heading begins with, and the rest; an empty number where there is none."""
    match = _NUMBER.match(heading)
    return (match[1], match[2].strip() or heading) if match else ("", heading)


@dataclass(frozen=True)
class _Column:
    place: int
    heading: str
    stem: str
    part: str


def _columns(table: AnswerTable) -> Iterator[_Column]:
    known = {plain(word) for word in (*META, *SUBMITTED, *DURATION)}
    split = _of_path if table.source == "odk" else _stem
    headings = frozenset(table.headings)
    stems = Counter(split(heading, headings)[0] for heading in table.headings if heading)
    for place, heading in enumerate(table.headings):
        if not heading or plain(heading) in known:
            continue
        stem, part = split(heading, headings)
        if part and stems[stem] > 1:
            yield _Column(place, heading, stem, part)
        else:
            yield _Column(place, heading, heading, "")


def _of_path(heading: str, headings: frozenset[str]) -> tuple[str, str]:
    """ODK and Kobo: ``group/question/option`` beside ``group/question``; other slashes are groups."""
    stem, _slash, part = heading.rpartition("/")
    return (stem, part) if stem in headings else (heading, "")


def _stem(heading: str, _headings: frozenset[str]) -> tuple[str, str]:
    for pattern in _PARTS:
        match = pattern.match(heading)
        if match and not _KIND_MARK.fullmatch(f"({match['part']})"):
            return match["stem"].strip(), match["part"].strip()
    return heading, ""


def _is_split(table: AnswerTable, columns: Sequence[_Column]) -> bool:
    """Whether these are one question with a column an option: ticks, blanks, or the option's own words."""
    if len(columns) < 2 or not all(column.part for column in columns):
        return False
    allowed = [TICKED | NOT_TICKED | EMPTY | {column.part} for column in columns]
    cells = (
        (row[column.place].strip(), words)
        for row in table.rows.values()
        for column, words in zip(columns, allowed, strict=True)
    )
    return all(cell in words for cell, words in cells)


def _joined(table: AnswerTable, columns: Sequence[_Column]) -> Item:
    number, label = numbered(columns[0].stem)
    counts = {
        column.part: sum(_is_ticked(row[column.place], column.part) for row in table.rows.values())
        for column in columns
    }
    places, options = tuple(column.place for column in columns), tuple(column.part for column in columns)
    return Item(columns[0].stem, number, label, _name(columns[0].stem), "multiple", places, options, counts)


def _single(table: AnswerTable, column: _Column) -> Item:
    number, label = numbered(column.stem if column.part else column.heading)
    if column.part:  # a row of a 矩阵 question: all its rows have one number
        number, label = "", f"{label} {column.part}"
    cells = [row[column.place].strip() for row in table.rows.values()]
    given = [cell for cell in cells if cell not in EMPTY]
    several = any(JOINED in cell for cell in given)
    parts = (part for cell in given for part in (_split(cell) if several else (cell,)))
    counts = Counter(option_and_words(part)[0] for part in parts)
    kind: Kind = "multiple" if several else "single"
    labels = table.labels.get(column.place, {})
    if len(counts) > MOST_VALUES or (not several and not labels and _is_free(counts)):
        kind = "text"
    name = table.names[column.place] if table.names[column.place] != column.heading else _name(column.heading)
    values = dict(counts.most_common(SHOWN_VALUES))
    return Item(column.heading, number, label, name, kind, (column.place,), (), values, labels)


def _is_free(counts: Counter[str]) -> bool:
    """Whether hardly anything was said twice, or it is too long for an option."""
    return bool(counts) and ((len(counts) > 6 and len(counts) > 0.6 * counts.total()) or max(map(len, counts)) > 60)


def _name(heading: str) -> str:
    """The last part of a path as ODK and Kobo write it; the heading itself where it may be a name."""
    tail = re.split(r"[/]", heading)[-1]
    tail = re.split(r"(?<=[A-Za-z0-9_])-(?=[A-Za-z_])", tail)[-1]
    return tail if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", tail) else ""


def _without_split_twins(items: list[Item]) -> list[Item]:
    """ODK and Kobo write a multiple question twice, joined and split: the split one is enough."""
    split = {item.key for item in items if item.options}
    return [item for item in items if item.options or item.key not in split]


def _distinct(items: list[Item]) -> list[Item]:
    """Two columns may have one heading: the second is told apart by its place."""
    seen: Counter[str] = Counter()
    found = []
    for item in items:
        seen[item.key] += 1
        key = item.key if seen[item.key] == 1 else f"{item.key} #{seen[item.key]}"
        found.append(replace(item, key=key))
    return found


def _is_ticked(cell: str, option: str) -> bool:
    cell = cell.strip()
    return cell in TICKED or (cell == option and cell not in NOT_TICKED)


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(JOINED) if part.strip() not in EMPTY))


def _moment(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    text = text.strip().replace("/", "-").replace("年", "-").replace("月", "-").replace("日", " ")
    for shape in ("", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            found = dt.datetime.strptime(text, shape) if shape else dt.datetime.fromisoformat(text)  # noqa: DTZ007 - next
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=zone)
    return None


def _seconds(text: str) -> int:
    """123秒, 2分3秒, 00:02:03 or 123."""
    units = {"时": 3600, "小时": 3600, "分": 60, "分钟": 60, "秒": 1, "s": 1}
    parts = re.findall(r"(\d{1,6})\s*(小时|时|分钟|分|秒|s)", text)
    if parts:
        return sum(int(number) * units[unit] for number, unit in parts)
    if re.fullmatch(r"\d{1,4}(:\d{1,2}){1,2}", text.strip()):
        total = 0
        for part in text.strip().split(":"):
            total = total * 60 + int(part)
        return total
    return int(text) if re.fullmatch(r"\d{1,7}", text.strip()) else 0
