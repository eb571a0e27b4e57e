"""Everything that is wrong with the sheets of a questionnaire, found at once.

pyxform stops at the first fault. The author of a form mends it the night before fieldwork, and wants to see all of
them: types, lists, names, labels, references, groups and headings are read here, row by row.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from pyxform.aliases import control, list_header, select, select_from_file, survey_header
from pyxform.question_type_dictionary import QUESTION_TYPE_DICT
from pyxform.xls2json_backends import DefinitionData

from mobile_forms.problems import Problem
from mobile_forms.xpath_parser import XPathSyntaxError, parse

Row = Mapping[str, str]

ALWAYS = frozenset({"no_label", "column_misspelt"})
"""Faults for which a form is refused although the converter takes it."""

_TYPES = frozenset(QUESTION_TYPE_DICT)
_SELECTS = frozenset(select)
_COLUMNS = frozenset(
    {*survey_header, "type", "name", "label", "hint", "guidance_hint", "default", "trigger", "choice_filter"}
    | {"parameters", "media", "bind", "control", "instance", "note", "notes", "disabled"}
)
_CHOICE_COLUMNS = frozenset({*list_header, "list_name", "name", "label", "media"})
_EXPRESSIONS = ("relevant", "relevance", "constraint", "calculation", "calculate", "required", "choice_filter")
_UNNAMED = frozenset({"audit", "note", "csv-external", "xml-external"})
_UNLABELLED = frozenset(
    {"calculate", "hidden", "start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit"}
    | {"simserial", "subscriberid", "imei", "start-geopoint", "background-audio", "background-geopoint"}
    | {"csv-external", "xml-external"}
)
_NAME = re.compile(r"[^\W\d][\w.\-]*\Z")
_REFERENCE = re.compile(r"\$\{\s*(?:last-saved#)?([^${}]*?)\s*\}")
_EDGE = re.compile(r"(begin|end)[ _]+(.+)")
_TRUTHS = frozenset({"yes", "no", "true", "false", "true()", "false()", "y", "n", "1", "0", ""})


def faults_of(book: DefinitionData) -> tuple[Problem, ...]:
    """The faults of a workbook in the order of its sheets and rows; rows count as Excel does."""
    survey = [(number, _lower(row)) for number, row in enumerate(book.survey or [], 2)]
    choices = [(number, _lower(row)) for number, row in enumerate(book.choices or [], 2)]
    settings = _lower((book.settings or [{}])[0])
    found = [
        *_misspelt("survey", book.survey or [], _COLUMNS),
        *_misspelt("choices", book.choices or [], _CHOICE_COLUMNS),
        *_of_questions(survey, {_list_name(row) for _, row in choices}),
        *_twice(survey),
        *_unmatched(survey),
        *_references(survey),
        *_expressions(survey),
        *_of_choices(choices, twice_allowed=settings.get("allow_choice_duplicates", "").lower() in {"yes", "true"}),
    ]
    return tuple(sorted(found, key=lambda problem: (problem.sheet != "survey", problem.row or 0)))


def _lower(row: Row) -> dict[str, str]:
    return {str(key).strip().lower(): str(value).strip() for key, value in row.items() if value is not None}


def _list_name(row: Row) -> str:
    return row.get("list_name") or row.get("list name", "")


def _kind(row: Row) -> tuple[str, str]:
    """The type of a row and what stands behind it: ``select_one`` and ``yn``."""
    text = " ".join(row.get("type", "").split())
    for known in sorted(_SELECTS, key=len, reverse=True):
        if text == known or text.startswith(f"{known} "):
            return known, text[len(known) :].strip().removesuffix("or_other").strip()
    return text, ""


def _edge(row: Row) -> tuple[str, str] | None:
    """``("begin", "group")`` for a row that opens or closes something."""
    found = _EDGE.fullmatch(row.get("type", "").lower())
    return (found.group(1), control[found.group(2).strip()]) if found and found.group(2).strip() in control else None


def _misspelt(sheet: str, rows: Sequence[Row], known: frozenset[str]) -> Iterator[Problem]:
    """Headings that are one slip away from one that means something: their column would silently do nothing."""
    headings = dict.fromkeys(str(key) for row in rows for key in row)
    for heading in headings:
        plain = heading.partition("::")[0].strip().lower().replace(" ", "_")
        if plain in known or plain.replace("_", " ") in known or ":" in plain or not plain.isascii():
            continue
        near = get_close_matches(plain, known, 1, 0.84)
        if near:
            yield Problem("column_misspelt", sheet, 1, heading, values={"guess": near[0]})


def _of_questions(survey: Sequence[tuple[int, Row]], lists: set[str]) -> Iterator[Problem]:
    for number, row in survey:
        if not any(row.values()) or (_edge(row) or ("", ""))[0] == "end" or row.get("disabled", "").lower() == "yes":
            continue
        yield from _type_faults(number, row, lists)
        name = row.get("name", "")
        kind, _ = _kind(row)
        if not name and kind not in _UNNAMED:
            yield Problem("no_name", "survey", number, "name")
        elif name and not _NAME.match(name):
            yield Problem("names_008", "survey", number, "name", name)
        if _needs_label(kind, row) and not any(key.partition("::")[0] in {"label", "hint", "caption"} for key in row):
            yield Problem("no_label", "survey", number, "label", name)


def _needs_label(kind: str, row: Row) -> bool:
    plain = kind.lower()
    known = plain in _TYPES or plain in _SELECTS
    calculated = row.get("calculation") or row.get("calculate")
    return known and plain not in _UNLABELLED and not calculated and "media" not in "".join(row)


def _type_faults(number: int, row: Row, lists: set[str]) -> Iterator[Problem]:
    kind, list_name = _kind(row)
    name = row.get("name", "")
    if not kind:
        yield Problem("no_type", "survey", number, "type", name)
    elif kind in _SELECTS:
        if not list_name:
            yield Problem("select_without_list", "survey", number, "type", name, {"type": kind})
        elif kind not in select_from_file and "${" not in list_name and list_name not in lists:
            yield from _unknown_list(number, name, list_name, lists)
    elif kind not in _TYPES and kind.lower() not in _TYPES and _edge(row) is None:
        near = get_close_matches(
            kind.partition(" ")[0].lower(), [*_TYPES, *_SELECTS, "begin_group", "end_group"], 1, 0.6
        )
        code, guess = ("type_misspelt", near[0]) if near else ("unknown_type", "")
        yield Problem(code, "survey", number, "type", name, {"type": kind, "guess": guess, "detail": kind})


def _unknown_list(number: int, name: str, list_name: str, lists: set[str]) -> Iterator[Problem]:
    near = get_close_matches(list_name, lists, 1, 0.6)
    code = "list_misspelt" if near else "no_list"
    values = {"list": list_name, "guess": near[0] if near else "", "detail": list_name}
    yield Problem(code, "survey", number, "type", name, values)


def _twice(survey: Sequence[tuple[int, Row]]) -> Iterator[Problem]:
    rows: dict[str, list[int]] = defaultdict(list)
    for number, row in survey:
        if row.get("name") and (_edge(row) or ("", ""))[0] != "end":
            rows[row["name"]].append(number)
    for name, numbers in rows.items():
        for number in numbers[1:]:
            yield Problem("name_twice", "survey", number, "name", name)


def _unmatched(survey: Sequence[tuple[int, Row]]) -> Iterator[Problem]:
    opened: list[tuple[int, str, str]] = []
    for number, row in survey:
        edge = _edge(row)
        if edge is None:
            continue
        if edge[0] == "begin":
            opened.append((number, edge[1], row.get("name", "")))
        elif opened and opened[-1][1] == edge[1]:
            opened.pop()
        else:
            yield Problem("survey_001", "survey", number, "type", values={"type": edge[1]})
    for number, kind, name in opened:
        yield Problem("survey_002", "survey", number, "type", name, {"type": kind, "name": name})


def _references(survey: Sequence[tuple[int, Row]]) -> Iterator[Problem]:
    names = {row["name"] for _, row in survey if row.get("name")}
    for number, row in survey:
        for column, text in row.items():
            if "${" not in text:
                continue
            left = _REFERENCE.sub("", text)
            if "${" in left:
                yield Problem("pyref_001", "survey", number, column, row.get("name", ""))
            for name in dict.fromkeys(_REFERENCE.findall(text)):
                if name not in names:
                    yield from _unknown_reference(number, column, row, name, names)


def _unknown_reference(number: int, column: str, row: Row, name: str, names: set[str]) -> Iterator[Problem]:
    near = get_close_matches(name, names - {row.get("name", "")}, 1, 0.7)
    values = {"q": name, "guess": near[0] if near else ""}
    yield Problem("reference_misspelt" if near else "pyref_003", "survey", number, column, row.get("name", ""), values)


def _expressions(survey: Sequence[tuple[int, Row]]) -> Iterator[Problem]:
    """Rules that are no expression at all; what the form's own paths decide is found once it is converted."""
    for number, row in survey:
        for column in _EXPRESSIONS:
            text = row.get(column, "")
            if text.lower() in _TRUTHS:
                continue
            plain = _REFERENCE.sub("/data/x", text)
            if "${" in plain:
                continue
            try:
                parse(plain)
            except XPathSyntaxError as error:
                values = {"expression": text, "detail": str(error), "why": "syntax"}
                yield Problem("expression", "survey", number, column, row.get("name", ""), values)


def _of_choices(choices: Sequence[tuple[int, Row]], *, twice_allowed: bool) -> Iterator[Problem]:
    seen: Counter[tuple[str, str]] = Counter()
    for number, row in choices:
        if not any(row.values()):
            continue
        where, code = _list_name(row), row.get("name") or row.get("value", "")
        if not where:
            yield Problem("choice_without_list", "choices", number, "list_name")
        if not code:
            yield Problem("names_006", "choices", number, "name")
        elif " " in code:
            yield Problem("code_with_space", "choices", number, "name", values={"code": code})
        seen[where, code] += 1
        if code and seen[where, code] > 1 and not twice_allowed:
            yield Problem("code_twice", "choices", number, "name", values={"code": code, "list": where})
        if code and not any(key.partition("::")[0] in {"label", "caption", "media", "image"} for key in row):
            yield Problem("label_001", "choices", number, "label", values={"code": code})
