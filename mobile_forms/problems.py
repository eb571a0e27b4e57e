"""What can be wrong with a questionnaire: each fault with its place, its sentence and its remedy, in two languages.

A `Problem` carries a code and values; ``sentence("zh")`` and ``remedy("zh")`` are what the author of the form reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import Formatter
from typing import Literal

from pyxform.errors import ErrorCode, PyXFormError

from mobile_forms.converter_words import in_chinese
from mobile_forms.definition import FormDefinition, FormError
from mobile_forms.lint_texts import LINT_TEXTS
from mobile_forms.problem_texts import TEXTS, WHY

_PROBLEM_TEXTS = {**TEXTS, **LINT_TEXTS}
Language = Literal["zh", "en"]
_ROW = re.compile(r"\[row : (\d+)\]\s*")
_SHEET = re.compile(r"'(survey|choices|settings|entities|osm|external_choices)' sheet")
_COLUMN = re.compile(r"the '([^']+)' value")
_SHEETS_OF = {"NAMES_006": "choices", "NAMES_007": "choices", "LABEL_001": "choices", "HEADER_004": "choices"}
_COLUMNS = {
    "relevant": "relevant",
    "required": "required",
    "constraint": "constraint",
    "calculate": "calculation",
    "default": "default",
    "label": "label",
    "choices": "choice_filter",
    "repeat_count": "repeat_count",
    "type": "type",
    "instance_name": "instance_name",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a questionnaire: where it stands and what mends it.

    ``code`` names the fault, ``values`` fill its sentence. ``row`` counts as Excel does, from 1; None where the fault
    has no row. Sheet, column and question are empty where unknown.
    """

    code: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    question: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, language: Language = "zh") -> str:
        """What is wrong, with the place before it."""
        return self.place(language) + self.text(language)

    def text(self, language: Language = "zh") -> str:
        """What is wrong, without the place: for a table whose columns are the place."""
        return self._fill(_PROBLEM_TEXTS[self.code][language][0], language)

    def remedy(self, language: Language = "zh") -> str:
        """What to do about it."""
        return self._fill(_PROBLEM_TEXTS[self.code][language][1], language)

    def place(self, language: Language = "zh") -> str:
        """Sheet, row and column, as far as they are known, ready to stand before a sentence."""
        if language == "zh":
            parts = [f"“{self.sheet}”表" if self.sheet else ""]
            parts += [f"第{self.row}行" if self.row else "", f"“{self.column}”列" if self.column else ""]
            return "".join(parts) + "：" if any(parts) else ""
        parts = [f"sheet {self.sheet}" if self.sheet else ""]
        parts += [f"row {self.row}" if self.row else "", f"column {self.column}" if self.column else ""]
        return ", ".join(part for part in parts if part) + ": " if any(parts) else ""

    def _fill(self, text: str, language: Language) -> str:
        known = {"question": self.question, "column": self.column, "sheet": self.sheet, **self.values}
        if language == "zh":
            known["detail"] = WHY.get(known.get("why", "")) or known.get("detail_zh") or known.get("detail", "{detail}")
        return re.sub(r"\{(\w+)\}", lambda found: known.get(found.group(1), found.group()), text)


class Sheet:
    """The sheet survey as pyxform read it, to find the row of a question. Row 1 holds the headings."""

    def __init__(self, rows: Sequence[Mapping[str, str]]) -> None:
        self._rows: dict[str, list[int]] = {}
        for number, row in enumerate(rows, 2):
            name = next((value for key, value in row.items() if key.strip().lower() == "name"), "")
            if name and not str(_type(row)).startswith(("end_", "end ")):
                self._rows.setdefault(name, []).append(number)

    @property
    def rows(self) -> Mapping[str, int]:
        """The first row of each name."""
        return {name: numbers[0] for name, numbers in self._rows.items()}

    def row(self, name: str) -> int | None:
        """The row where a name stands first, None where it does not."""
        return self._rows.get(name, [None])[0]

    def last_row(self, name: str) -> int | None:
        """The row where a name stands last, None where it does not."""
        return self._rows.get(name, [None])[-1]


def _type(row: Mapping[str, str]) -> str:
    return next((value for key, value in row.items() if key.strip().lower() == "type"), "")


def placed(form: FormDefinition, found: Iterable[Problem], rows: Mapping[str, int] | None) -> tuple[Problem, ...]:
    """Problems in the order of the form's questions, with their rows in its workbook (`CompiledForm.rows`)."""
    places = {node.name: place for place, node in enumerate(form.root.walk())}
    rows = rows or {}
    ordered = sorted(found, key=lambda problem: places.get(problem.question, -1))
    return tuple(
        replace(problem, sheet="survey", row=rows[problem.question]) if problem.question in rows else problem
        for problem in ordered
    )


def problem_of_form(error: FormError, sheet: Sheet) -> Problem:
    """A fault found in the XForm, led back to its row in the workbook."""
    in_settings = error.rule == "instance_name"
    code = error.code if error.code in TEXTS else "unexpected"
    return Problem(
        code,
        sheet="settings" if in_settings else "survey",
        row=2 if in_settings else sheet.row(error.question),
        column=_COLUMNS.get(error.rule, ""),
        question=error.question,
        values={"expression": error.expression, "detail": error.reason or str(error), "why": error.why},
    )


def problem_of_pyxform(error: PyXFormError, sheet: Sheet) -> Problem:
    """A fault that pyxform found, with its sheet, row and column read from its code or its sentence."""
    message = str(error)
    name, context = (error.code.name, error.context) if error.code else _recognised(message)
    known = {key: str(value) for key, value in context.items() if value is not None}
    found_row, found_sheet, found_column = _ROW.search(message), _SHEET.search(message), _COLUMN.search(message)
    quoted = re.search(r"'([^'\s]+)'", _ROW.sub("", message))
    question = known.get("value") or known.get("name") or (quoted.group(1) if quoted else "")
    row = int(found_row.group(1)) if found_row else sheet.row(question)
    where = found_sheet.group(1) if found_sheet else _SHEETS_OF.get(name, "survey" if row else "")
    return Problem(
        _code(name),
        sheet=known.get("sheet") or where,
        row=row,
        column=known.get("column") or (found_column.group(1) if found_column else ""),
        question=question if question in sheet.rows else "",
        values={**known, "detail": _ROW.sub("", message)[:400], "detail_zh": in_chinese(name, known, message)},
    )


def _code(name: str) -> str:
    """Our code for a code of pyxform; its kin share one."""
    if name.lower() in TEXTS:
        return name.lower()
    return next((code for start, code in _KIN.items() if name.startswith(start)), "unexpected")


def notice_of_pyxform(message: str) -> Problem:
    """What pyxform warns of, without refusing the form."""
    found = problem_of_pyxform(PyXFormError(message), Sheet([]))
    if found.code != "unexpected":
        return found
    return replace(found, code="notice", question="")


def _recognised(message: str) -> tuple[str, Mapping[str, str]]:
    """The code and values of a sentence: pyxform raises many of its sentences without their code."""
    for code, pattern in _TEMPLATES:
        found = pattern.fullmatch(message)
        if found:
            return code, found.groupdict()
    for code, words in _OLDER.items():
        if re.search(words, message, re.IGNORECASE):
            return code, {}
    return "unexpected", {}


def _template(text: str) -> re.Pattern[str]:
    """A sentence of pyxform with its ``{tokens}`` as a pattern that finds their values."""
    seen: set[str] = set()
    parts: list[str] = []
    for literal, token, _, _ in Formatter().parse(text):
        parts.append(re.escape(literal))
        if token:
            parts.append(".+?" if token in seen else f"(?P<{token}>.+?)")
            seen.add(token)
    return re.compile("".join(parts), re.DOTALL)


_TEMPLATES: Sequence[tuple[str, re.Pattern[str]]] = [(code.name, _template(code.value.msg)) for code in ErrorCode]
_KIN: Mapping[str, str] = {"RANGE_": "range", "SURVEY_0": "parameters", "NAMES_01": "entities", "ENTITY_": "entities"}
_OLDER: Mapping[str, str] = {
    "no_calculation": r"missing calculation",
    "parameters": r"must have an integer value|must be (?:set to|true or false|greater)|required parameters",
    "names_007": r"choice names must be unique",
    "unknown_type": r"unknown question type",
    "no_list": r"list name not in choices sheet|should be a choices sheet",
    "no_type": r"question with no type",
    "no_name": r"question or group with no name",
    "no_label": r"no label",
    "no_survey": r"survey. sheet is .*empty|must have a sheet named|sheet named .?survey",
    "file_extension": r"should end with one of",
    "multiple_columns": r"duplicate column header",
}
