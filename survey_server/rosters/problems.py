"""What can be wrong with a roster: one table of codes, each with its severity, what it means and what to do.

A problem never holds a personal value in the clear: values are masked before they come here. Sentences
are English msgids with named fields; the caller passes the function that translates them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pandas as pd

from survey_server.errors import N_


class Severity(StrEnum):
    """What became of the row."""

    ERROR = "error"
    """The row was left out until it is mended."""
    WARNING = "warning"
    """The row was kept; somebody should look at it."""
    MENDED = "mended"
    """We put it right ourselves, or left out a line that is no row of the roster, and say so."""


@dataclass(frozen=True)
class Kind:
    """A line of the table of problems."""

    severity: Severity
    what: str
    remedy: str


_E, _W, _M = Severity.ERROR, Severity.WARNING, Severity.MENDED

KINDS: dict[str, Kind] = {
    # The file
    "file_too_large": Kind(_E, N_("The file is too large (%(size)s bytes)."), N_("Split it by township.")),
    "file_empty": Kind(_E, N_("The file is empty."), N_("Ask for the file again.")),
    "file_damaged": Kind(_E, N_("The file is damaged."), N_("Open it in Excel and save it as .xlsx.")),
    "file_kind_unknown": Kind(
        _E, N_("This is not an Excel or CSV file."), N_("Open it in Excel or WPS and save it as .xlsx.")
    ),
    "file_is_web_page": Kind(
        _E,
        N_("This is a web page that is named like an Excel file."),
        N_("Open it in Excel and save it as .xlsx."),
    ),
    "file_has_password": Kind(
        _E, N_("The file is locked by a password."), N_("Open it in Excel, remove the password and save it.")
    ),
    "file_too_slow": Kind(
        _E,
        N_("Reading took longer than %(seconds)s seconds."),
        N_("Split the file or save it again as .xlsx."),
    ),
    "file_unpacks_too_large": Kind(
        _E, N_("The file unpacks to more than %(limit)s bytes."), N_("Split it by township.")
    ),
    "too_many_rows": Kind(_E, N_("The sheet has %(rows)s rows; %(limit)s are allowed."), N_("Split it by township.")),
    "too_many_columns": Kind(
        _E,
        N_("The sheet has %(columns)s columns; %(limit)s are allowed."),
        N_("Delete the empty columns on its right."),
    ),
    "too_many_cells": Kind(
        _E, N_("The sheet spans %(cells)s cells."), N_("Delete the empty rows and columns around the table.")
    ),
    "too_many_sheets": Kind(
        _E, N_("The file has %(sheets)s sheets; %(limit)s are allowed."), N_("Split it into several files.")
    ),
    "text_unreadable": Kind(
        _E, N_("The text cannot be read as %(encoding)s."), N_("Open it in Excel and save it as .xlsx.")
    ),
    "file_already_here": Kind(
        _W,
        N_("The very same file was given before, as “%(first)s”; it was not read again."),
        N_("Remove one of them."),
    ),
    # The sheet
    "no_header": Kind(
        _E,
        N_("No row with column names was found."),
        N_("Give the table one row with names such as 姓名, 身份证号."),
    ),
    "sheet_hidden": Kind(_W, N_("The sheet is hidden and was not read."), N_("Show it in Excel if it belongs here.")),
    "title_line": Kind(_M, N_("A title or a note stands in the table; it was left out."), N_("Nothing to do.")),
    "repeated_header": Kind(_M, N_("The header is repeated here; the line was left out."), N_("Nothing to do.")),
    "total_row": Kind(_M, N_("This is a row of totals; it was left out."), N_("Nothing to do.")),
    "no_name_column": Kind(
        _E,
        N_("No column was taken as name or ID number."),
        N_("Say on the page which column holds the name."),
    ),
    # The row: who
    "name_missing": Kind(_E, N_("The name is missing."), N_("Write the name in.")),
    "id_missing": Kind(_W, N_("The ID number is missing."), N_("Write it in; without it duplicates are hard to find.")),
    "id_damaged": Kind(
        _E,
        N_("Excel turned the ID number into a number and lost its last digits (%(value)s)."),
        N_("Make the column text and type the number again; the lost digits cannot be computed."),
    ),
    "id_length": Kind(
        _E, N_("The ID number has %(length)s characters instead of 18."), N_("Compare with the ID card.")
    ),
    "id_characters": Kind(
        _E, N_("The ID number has characters that cannot be in one."), N_("Compare with the ID card.")
    ),
    "id_date": Kind(
        _E, N_("The date of birth in the ID number cannot be (%(date)s)."), N_("Compare with the ID card.")
    ),
    "id_check_digit": Kind(
        _E,
        N_("The check digit of the ID number is wrong: it should be %(expected)s (GB 11643)."),
        N_("A digit is mistyped; compare with the ID card."),
    ),
    "id_15_digits": Kind(
        _M, N_("An ID number of the first generation (15 digits) was lengthened to 18."), N_("Nothing to do.")
    ),
    "duplicate_person": Kind(
        _E,
        N_("The ID number stands in this list already: %(first_file)s %(first_sheet)s row %(first_row)s."),
        N_("Delete one of the two rows."),
    ),
    "duplicate_household": Kind(
        _E,
        N_("The household stands in this list already: %(first_file)s %(first_sheet)s row %(first_row)s."),
        N_("Delete one of the two rows, or give the second household a number of its own."),
    ),
    "household_too_large": Kind(
        _W,
        N_("%(persons)s people were taken for one household."),
        N_("Look whether its household number or head is written for many households."),
    ),
    "persons_differ": Kind(
        _W,
        N_("The roster says %(stated)s persons, its rows are %(counted)s; the stated number was kept."),
        N_("Compare with the household's file."),
    ),
    # The row: where and what
    "county_missing": Kind(_E, N_("The county is missing."), N_("Write it in, or give it for the whole file.")),
    "category_missing": Kind(
        _E, N_("The category of assistance is missing."), N_("Write it in, or give it for the whole file.")
    ),
    "category_unknown": Kind(
        _E,
        N_("The category “%(value)s” is not known."),
        N_("Write one of the categories of the list, or give one for the whole file."),
    ),
    "category_ambiguous": Kind(
        _E,
        N_("“%(value)s” does not say whether urban or rural."),
        N_("Write 城市低保 or 农村低保, add a column 城乡, or give the category for the whole file."),
    ),
    "region_code_mended": Kind(
        _M, N_("The region code had lost digits and was restored as %(repaired)s."), N_("Nothing to do.")
    ),
    "region_code_lost_digits": Kind(
        _W,
        N_("The region code has lost digits (“%(value)s”); it must have 6, 9 or 12 (2+2+2+3+3)."),
        N_("Make the column text and type the code again."),
    ),
    "region_code_impossible": Kind(
        _W, N_("The region code “%(value)s” cannot be."), N_("Look it up in this year's list of codes.")
    ),
    # The row: facts
    "full_width": Kind(_M, N_("Full-width digits or letters were made ordinary ones."), N_("Nothing to do.")),
    "formula_left_out": Kind(
        _W, N_("The cell holds a formula or its error; it was left out."), N_("Paste the column as values.")
    ),
    "formula_text": Kind(
        _E, N_("The cell holds a formula or its error instead of a value."), N_("Paste the column as values.")
    ),
    "phone_bad": Kind(
        _W,
        N_("This is no telephone number; it was left out."),
        N_("Correct it, or visit the household instead."),
    ),
    "phone_no_area_code": Kind(
        _W, N_("The fixed line has no area code."), N_("Give the county's area code with the import.")
    ),
    "phone_area_code_added": Kind(_M, N_("The area code %(area_code)s was added."), N_("Nothing to do.")),
    "phone_shared": Kind(
        _W,
        N_("The same telephone stands at %(households)s households: probably a cadre's."),
        N_("Ask for the households' own numbers; this one is not dialled."),
    ),
    "number_unreadable": Kind(_W, N_("“%(value)s” is not a number; it was left out."), N_("Write a number.")),
    "amount_negative": Kind(_W, N_("The amount is negative; it was left out."), N_("Write what was paid.")),
    "number_impossible": Kind(
        _W, N_("The number “%(value)s” cannot be; it was left out."), N_("Compare with the household's file.")
    ),
    "coordinate_impossible": Kind(
        _W,
        N_("“%(value)s” is no place in China in decimal degrees; it was left out."),
        N_("Write degrees: longitude 73 to 136, latitude 3 to 54; look whether the two were exchanged."),
    ),
    "not_current": Kind(
        _M, N_("The row says “%(value)s”: no longer receiving; it was left out."), N_("Nothing to do.")
    ),
}

COLUMNS = ("code", "severity", "file", "sheet", "row", "column", "value", "fields")


@dataclass(frozen=True)
class Problem:
    """One thing wrong at one place. `row` is Excel's (0: the whole sheet), `value` is masked."""

    code: str
    file: str
    sheet: str = ""
    row: int = 0
    column: str = ""
    value: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)


class ProblemLog:
    """Gathers problems cheaply, and gives them out as one table sorted by place."""

    def __init__(self, severities: Mapping[str, Severity] | None = None) -> None:
        self._severities = {code: kind.severity for code, kind in KINDS.items()} | dict(severities or {})
        self._rows: list[tuple[object, ...]] = []

    def add(self, problem: Problem) -> None:
        """Write one problem down."""
        severity = self._severities[problem.code]
        place = problem.file, problem.sheet, problem.row, problem.column, problem.value
        self._rows.append((problem.code, str(severity), *place, dict(problem.fields)))

    def leaves_out(self, code: str) -> bool:
        """Whether a row with this problem is left out."""
        return self._severities[code] is Severity.ERROR

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def table(self) -> pd.DataFrame:
        """The problems as a table with the columns `COLUMNS`."""
        table = pd.DataFrame(self._rows, columns=list(COLUMNS), dtype=object)
        table["row"] = table["row"].astype(np.int64)
        return table.sort_values(["file", "sheet", "row"], kind="stable", ignore_index=True)


def describe(code: str, fields: Mapping[str, object], translate: Callable[[str], str] = str) -> tuple[str, str]:
    """What is wrong, and what to do, in the reader's language."""
    kind = KINDS[code]
    return translate(kind.what) % fields, translate(kind.remedy) % fields
