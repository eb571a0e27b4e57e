"""A questionnaire in Excel (XLSForm) becomes an XForm, by pyxform, in memory.

    compiled = compile_workbook(content, filename="入户表.xlsx")
    xml = fill_placeholders(compiled.xml, {"company": "…", "client": "…", "hotline": "…"})
    if left_placeholders(xml): ...                       # publishing is refused

Everything that a form can be refused for is found here, before it is published: pyxform's own errors, names that
stand twice, and every expression that cannot be evaluated on this side (`mobile_forms.plan`).
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import PurePath
from xml.sax.saxutils import escape

import openpyxl
from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import DefinitionData, get_xlsform
from pyxform.xls2xform import convert

from mobile_forms.definition import FormDefinition, FormError, Question, read_form
from mobile_forms.media import Named, files_named
from mobile_forms.plan import Plan
from mobile_forms.problems import Problem, Sheet, notice_of_pyxform, problem_of_form, problem_of_pyxform
from mobile_forms.sheet_faults import ALWAYS, faults_of

MAX_WORKBOOK_BYTES = 4_000_000
MAX_UNPACKED_BYTES = 60_000_000
MAX_ROWS = 5_000
_SUFFIXES = (".xlsx", ".xlsm", ".xls")

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s]{1,60})\s*\}\}")


class WorkbookError(ValueError):
    """A workbook that does not become a form; ``problems`` has at least one entry."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.sentence("en") for problem in problems))
        self.problems = problems


class UnreadableWorkbookError(WorkbookError):
    """The file is not a workbook, or too large."""


class FormFaultError(WorkbookError):
    """The workbook was read, and what stands in it is not a form that can be published."""


@dataclass(frozen=True, slots=True)
class CompiledForm:
    """An XForm and what was learned on the way.

    ``media`` are the files it needs beside it (``households.csv``, pictures), ``named`` the same with the place that
    names each; ``rows`` the Excel row of each name on the sheet survey; ``warnings`` what the converter advises.
    """

    xml: bytes
    definition: FormDefinition
    plan: Plan
    warnings: tuple[Problem, ...]
    media: tuple[str, ...]
    rows: Mapping[str, int]
    named: tuple[Named, ...] = ()


def compile_workbook(content: bytes, *, filename: str) -> CompiledForm:
    """Compile an .xlsx (at most 4 MB) to an XForm whose every expression can be evaluated here.

    A form without form_id is named after its file.

    Raises:
        UnreadableWorkbookError: not an .xlsx, .xlsm or .xls workbook, too large, or a zip bomb.
        FormFaultError: faults in the form, with sheet, row and column where they are known.
    """
    book = _read_workbook(content, filename)
    sheet = Sheet(book.survey or [])
    found = faults_of(book)
    warnings: list[str] = []
    try:
        result = convert(
            xlsform={field.name: getattr(book, field.name) for field in fields(book)},
            warnings=warnings,
            validate=False,
        )
    except PyXFormError as error:
        raise FormFaultError(_joined(found, problem_of_pyxform(error, sheet))) from error
    except Exception as error:  # pyxform raises many kinds where a workbook is odd
        unexpected = Problem("unexpected", values={"detail": str(error)[:200]})
        raise FormFaultError(found or (unexpected,)) from error
    xml = result.xform.encode()
    definition, plan = _checked(xml, sheet, [problem for problem in found if problem.code in ALWAYS])
    named, notices = files_named(book, definition.media), tuple(map(notice_of_pyxform, warnings))
    return CompiledForm(xml, definition, plan, notices, definition.media, sheet.rows, named)


def fill_placeholders(xml: bytes, values: Mapping[str, str]) -> bytes:
    """Replace ``{{company}}``, ``{{client}}``, ``{{hotline}}`` ... by values, escaped for XML. Unknown ones stay."""

    def filled(found: re.Match[str]) -> str:
        name = found.group(1)
        return escape(values[name], {'"': "&quot;"}) if name in values else found.group()

    return _PLACEHOLDER.sub(filled, xml.decode()).encode()


def left_placeholders(xml: bytes, allowed: Collection[str] = ("staff_no",)) -> list[str]:
    """Names of the placeholders that still stand in a form, sorted; those of ``allowed`` are filled at display.

    Braces that are no placeholder (``{{`` never closed) are named ``{{``.
    """
    text = xml.decode()
    names = set(_PLACEHOLDER.findall(text)) - set(allowed)
    if "{{" in _PLACEHOLDER.sub("", text):
        names.add("{{")
    return sorted(names)


def _read_workbook(content: bytes, filename: str) -> DefinitionData:
    suffix = PurePath(filename).suffix.lower()
    if suffix not in _SUFFIXES:
        raise UnreadableWorkbookError((Problem("not_a_workbook", values={"file": filename}),))
    if len(content) > MAX_WORKBOOK_BYTES:
        raise UnreadableWorkbookError((Problem("too_large", values={"limit": str(MAX_WORKBOOK_BYTES // 10**6)}),))
    if suffix != ".xls":
        _refuse_bomb(content, filename)
    try:
        book = get_xlsform(BytesIO(content), file_type=suffix)
    except PyXFormError as error:
        problem = problem_of_pyxform(error, Sheet([]))
        unreadable = problem.code in {"unexpected", "not_a_workbook"}
        refuse = UnreadableWorkbookError if unreadable else FormFaultError
        raise refuse((Problem("not_a_workbook", values={"file": filename}) if unreadable else problem,)) from error
    except Exception as error:  # a broken workbook makes the readers raise what they like
        raise UnreadableWorkbookError((Problem("not_a_workbook", values={"file": filename}),)) from error
    if len(book.survey or []) + len(book.choices or []) > MAX_ROWS:
        raise UnreadableWorkbookError((Problem("too_many_rows", values={"limit": str(MAX_ROWS)}),))
    if not book.fallback_form_name:
        book.fallback_form_name = PurePath(filename).stem
    return book


def open_safely(content: bytes) -> openpyxl.Workbook:
    """Open an .xlsx to be changed, under the same bounds.

    Raises:
        UnreadableWorkbookError: not an .xlsx, too large, or a zip bomb.
    """
    if len(content) > MAX_WORKBOOK_BYTES:
        raise UnreadableWorkbookError((Problem("too_large", values={"limit": str(MAX_WORKBOOK_BYTES // 10**6)}),))
    _refuse_bomb(content, ".xlsx")
    try:
        return openpyxl.load_workbook(BytesIO(content))
    except Exception as error:  # a broken workbook makes the reader raise what it likes
        raise UnreadableWorkbookError((Problem("not_a_workbook", values={"file": ".xlsx"}),)) from error


def _refuse_bomb(content: bytes, filename: str) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableWorkbookError((Problem("not_a_workbook", values={"file": filename}),)) from error
    if unpacked > MAX_UNPACKED_BYTES:
        raise UnreadableWorkbookError((Problem("too_large", values={"limit": str(MAX_WORKBOOK_BYTES // 10**6)}),))


def _joined(found: tuple[Problem, ...], told: Problem) -> tuple[Problem, ...]:
    """Our own findings and the converter's, where it is none that was found already."""
    known = any(problem.row == told.row and problem.sheet == told.sheet for problem in found)
    vague = told.row is None and bool(found)
    return found if known or vague else (*found, told)


def _checked(xml: bytes, sheet: Sheet, found: Sequence[Problem]) -> tuple[FormDefinition, Plan]:
    """The form read and planned; every fault that is left is told together with ``found``."""
    try:
        definition = read_form(xml)
        problems = (*found, *_twice(definition, sheet))
        plan = Plan(definition)
    except FormError as error:
        told = tuple(problem_of_form(e, sheet) for e in (error, *error.others))
        raise FormFaultError((*found, *told)) from error
    if problems:
        raise FormFaultError(problems)
    return definition, plan


def _twice(definition: FormDefinition, sheet: Sheet) -> Iterator[Problem]:
    """Names that stand twice, and columns of the data that two questions would share."""
    counted = Counter(node.name for node in definition.root.walk())
    for name in (name for name, times in counted.items() if times > 1):
        yield Problem("name_twice", sheet="survey", row=sheet.last_row(name), column="name", question=name)
    for question in definition.questions:
        for column in _flat_columns(question):
            if column in counted:
                row = sheet.row(column)
                yield Problem("column_twice", sheet="survey", row=row, column="name", question=column)


def _flat_columns(question: Question) -> list[str]:
    multiple = question.kind in {"select_multiple", "rank"}
    return [f"{question.name}__{choice.value}" for choice in question.choices] if multiple else []
