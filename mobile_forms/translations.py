"""A questionnaire in another language: a sheet for the translator, out and in, and what is still missing.

Never machine-made: texts come from a qualified translator and are translated back and checked before they are used.

    sheet = translator_sheet(workbook, language="维吾尔语 (ug)")        # the translator fills its last column
    workbook = with_translations(workbook, sheet)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO

import openpyxl
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from mobile_forms.definition import FormDefinition, Question, Texts
from mobile_forms.problems import Problem
from mobile_forms.xlsform import FormFaultError, UnreadableWorkbookError, open_safely

PARTS = ("label", "hint", "guidance_hint", "constraint_message", "required_message")
"""The columns of an XLSForm that hold words for people."""

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_CODE = re.compile(r"[(（]\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)\s*[)）]\s*$")
_KEPT = re.compile(r"\$\{[^}]+\}|\{\{[^}]+\}\}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_WRITTEN = frozenset({"zh", "ja", "yu", ""})
_HEADINGS = ("sheet", "list_name", "name", "column", "original")


@dataclass(frozen=True, slots=True)
class MissingText:
    """A text that one language has and another has not; ``code`` names the choice that is meant, else empty."""

    language: str
    question: str
    part: str
    code: str = ""


def language_code(language: str) -> str:
    """The code in a language's name as XLSForm writes it, ``中文(zh)`` → ``zh``; empty where it has none."""
    found = _CODE.search(language)
    return found.group(1).lower() if found else ""


def text_direction(language: str) -> str:
    """``rtl`` for a language that is written from right to left, else ``ltr``."""
    return "rtl" if language_code(language).partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def missing_texts(form: FormDefinition) -> tuple[MissingText, ...]:
    """Texts that the default language has and another language of the form has not."""
    return tuple(missing for language in form.languages for missing in _missing(form, language))


def _missing(form: FormDefinition, language: str) -> Iterator[MissingText]:
    for node in form.root.walk():
        texts = {"label": node.label, "constraint_message": node.bind.constraint_message}
        if isinstance(node, Question):
            texts["hint"] = node.hint
        for part, by_language in texts.items():
            if _untranslated(by_language, form, language):
                yield MissingText(language, node.name, part)
        for choice in node.choices if isinstance(node, Question) else ():
            if _untranslated(choice.label, form, language):
                yield MissingText(language, node.name, "label", choice.value)


def _untranslated(texts: Texts, form: FormDefinition, language: str) -> bool:
    """Whether the default language has words and this one has none of its own.

    A sheet without a column for the language gives pyxform the default's words: Chinese in a language that is not
    written so is no translation.
    """
    original, given = texts.get(form.default_language), texts.get(language)
    if not original or language == form.default_language:
        return False
    borrowed = given == original and _HAN.search(original.plain) and language_code(language)[:2] not in _HAN_WRITTEN
    return bool(_blank(given) or borrowed)


def _blank(text: object) -> bool:
    """pyxform writes a dash where a language has no text."""
    return not text or getattr(text, "plain", "") in {"", "-"}


def translator_sheet(workbook: bytes, *, language: str) -> bytes:
    """An .xlsx with every text of a questionnaire once, and a column for ``language`` (``维吾尔语 (ug)``).

    Raises:
        UnreadableWorkbookError: it is no workbook.
        ValueError: the language names no code in brackets.
    """
    if not language_code(language):
        raise ValueError(f"a language is written with its code, for example 维吾尔语 (ug), not {language!r}")
    book, out = open_safely(workbook), openpyxl.Workbook()
    sheet = out.worksheets[0]
    sheet.title = "translation"
    sheet.append([*_HEADINGS, language])
    for text in _texts(book):
        sheet.append([text.sheet, text.list_name, text.name, text.part, text.original, text.given(language)])
    _make_readable(sheet, language)
    return _bytes(out)


def with_translations(workbook: bytes, sheet: bytes) -> bytes:
    """The questionnaire with the texts of a translator's sheet in their columns, added where they were not.

    Raises:
        UnreadableWorkbookError: one of them is no workbook, or the sheet is no translator's sheet.
        FormFaultError: a translation lost a ``${question}`` or a ``{{placeholder}}``; each is named with its row.
    """
    book, filled = open_safely(workbook), open_safely(sheet).worksheets[0]
    language, given = _read_sheet(filled)
    problems = tuple(_lost(filled, language))
    if problems:
        raise FormFaultError(problems)
    for text in _texts(book):
        words = given.get(text.key, "")
        if words:
            _write(book[text.sheet], text, language, words)
    return _bytes(book)


@dataclass(frozen=True, slots=True)
class _Written:
    """One text where it stands in a workbook: its key and its row, and the texts of its columns by language."""

    sheet: str
    list_name: str
    name: str
    part: str
    row: int
    by_language: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.sheet, self.list_name, self.name, self.part)

    @property
    def original(self) -> str:
        return next((words for words in self.by_language.values() if words), "")

    def given(self, language: str) -> str:
        return self.by_language.get(language, "")


def _texts(book: openpyxl.Workbook) -> Iterator[_Written]:
    for name in ("survey", "choices"):
        if name not in book.sheetnames:
            continue
        sheet = book[name]
        headings = [_text(cell) for cell in sheet[1]]
        for number, row in enumerate(sheet.iter_rows(min_row=2), 2):
            cells = {heading: _text(cell) for heading, cell in zip(headings, row, strict=False) if heading}
            yield from _of_row(name, number, cells)


def _of_row(sheet: str, number: int, cells: Mapping[str, str]) -> Iterator[_Written]:
    list_name = cells.get("list_name") or cells.get("list name", "")
    for part in PARTS:
        by_language = {
            heading.partition("::")[2]: words
            for heading, words in cells.items()
            if heading == part or heading.startswith(f"{part}::")
        }
        if any(by_language.values()):
            yield _Written(sheet, list_name, cells.get("name", ""), part, number, by_language)


def _read_sheet(sheet: Worksheet) -> tuple[str, dict[tuple[str, str, str, str], str]]:
    headings = [_text(cell) for cell in sheet[1]]
    if tuple(headings[:5]) != _HEADINGS or len(headings) < 6 or not language_code(headings[5]):
        raise UnreadableWorkbookError((Problem("not_a_translation"),))
    given = {}
    for row in sheet.iter_rows(min_row=2):
        where, list_name, name, part, _, words = (_text(cell) for cell in row[:6])
        given[where, list_name, name, part] = words
    return headings[5], given


def _lost(sheet: Worksheet, language: str) -> Iterator[Problem]:
    for number, row in enumerate(sheet.iter_rows(min_row=2), 2):
        original, words = _text(row[4]), _text(row[5])
        lost = set(_KEPT.findall(original)) ^ set(_KEPT.findall(words)) if words else set()
        if lost:
            values = {"lost": " ".join(sorted(lost))}
            yield Problem("translation_lost", "translation", number, language, _text(row[2]), values)


def _write(sheet: Worksheet, text: _Written, language: str, words: str) -> None:
    heading = f"{text.part}::{language}"
    headings = [_text(cell) for cell in sheet[1]]
    column = headings.index(heading) + 1 if heading in headings else len(headings) + 1
    _put(sheet.cell(1, column), heading)
    _put(sheet.cell(text.row, column), words)


def _put(cell: object, words: str) -> None:
    """Words are words: a text that begins with = never becomes a formula."""
    if isinstance(cell, Cell):
        cell.value = words
        cell.data_type = "s"


def _text(cell: object) -> str:
    value = getattr(cell, "value", None)
    return "" if value is None else str(value).strip()


def _make_readable(sheet: Worksheet, language: str) -> None:
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for column, width in zip("ABCDEF", (9, 14, 18, 20, 60, 60), strict=True):
        sheet.column_dimensions[column].width = width
    reading = 2 if text_direction(language) == "rtl" else 1
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if isinstance(cell.value, str):
                cell.data_type = "s"
        row[5].alignment = Alignment(wrap_text=True, vertical="top", readingOrder=reading)
    sheet.freeze_panes = "A2"


def _bytes(book: openpyxl.Workbook) -> bytes:
    content = BytesIO()
    book.save(content)
    return content.getvalue()
