"""The files that a questionnaire names, and where in its workbook: lists, pictures, sounds, films."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyxform.xls2json_backends import DefinitionData

from mobile_forms.problems import Problem


@dataclass(frozen=True, slots=True)
class Named:
    """A file where it is named: ``row`` counts as Excel does, None where the place is not known."""

    file: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    question: str = ""


def files_named(book: DefinitionData, media: Collection[str]) -> tuple[Named, ...]:
    """Each file of ``media`` at the first place that names it, in the order of ``media``."""
    return tuple(next(_places(book, file), Named(file)) for file in media)


def absent_files(named: Collection[Named], have: Collection[str]) -> tuple[Problem, ...]:
    """A fault for each file that is named and not among ``have``: a phone that asks for it would get nothing."""
    known = "、".join(sorted(have)) or "—"
    return tuple(
        Problem("media_absent", one.sheet, one.row, one.column, one.question, {"file": one.file, "known": known})
        for one in named
        if one.file not in have
    )


def _places(book: DefinitionData, file: str) -> Iterator[Named]:
    sheets: Mapping[str, Sequence[Mapping[str, str]] | None] = {"survey": book.survey, "choices": book.choices}
    for sheet, rows in sheets.items():
        for number, row in enumerate(rows or [], 2):
            cells = {str(key).strip(): str(value).strip() for key, value in row.items() if value is not None}
            name = cells.get("name", "")
            for column, text in cells.items():
                if _names(text, file) or _is_external(cells, column, file):
                    yield Named(file, sheet, number, column, name if sheet == "survey" else "")


def _names(text: str, file: str) -> bool:
    """Whether a cell names the file: by itself, behind a type, or in pulldata() and instance() without its ending."""
    stem = file.rpartition(".")[0]
    quoted = (
        bool(stem) and ("pulldata(" in text or "instance(" in text) and (f"'{stem}'" in text or f'"{stem}"' in text)
    )
    return file in text.split() or text == file or quoted


def _is_external(cells: Mapping[str, str], column: str, file: str) -> bool:
    kinds = {"csv-external": "csv", "xml-external": "xml"}
    ending = kinds.get(cells.get("type", ""))
    return column == "type" and ending is not None and f"{cells.get('name', '')}.{ending}" == file
