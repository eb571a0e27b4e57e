"""Lists of persons that are compared with the frame: deaths, relatives of officials, people who were missed."""

from __future__ import annotations

import pandas as pd
from flask_babel import gettext

from survey_server.errors import N_, Problem, ZoufangError
from survey_server.rosters.columns import guess_columns
from survey_server.rosters.layout import Table, find_table
from survey_server.rosters.problems import describe
from survey_server.rosters.reading import RosterFileError, read_sheets

FIELDS = ("id_number", "name", "county", "town", "village", "address", "phone")
MAX_FILE = 16 * 1024 * 1024


def persons_in(name: str, data: bytes) -> pd.DataFrame:
    """Everybody on a list who has an identity number, once: the columns FIELDS, blank where the list has none.

    Raises ROSTER_UNREADABLE naming the file.
    """
    if len(data) > MAX_FILE:
        raise ZoufangError(Problem.ROSTER_UNREADABLE, file=name, why=N_("it is too large"))
    try:
        parts = [_persons(find_table(sheet)) for sheet in read_sheets(name, data)]
    except RosterFileError as error:
        raise ZoufangError(
            Problem.ROSTER_UNREADABLE, file=name, why=describe(error.code, error.fields, gettext)[0]
        ) from error
    table = pd.concat([pd.DataFrame(columns=list(FIELDS)), *parts], ignore_index=True)
    if table.empty:
        raise ZoufangError(Problem.ROSTER_UNREADABLE, file=name, why=N_("it has no column of identity numbers"))
    return table.drop_duplicates("id_number", ignore_index=True)


def _persons(table: Table) -> pd.DataFrame:
    columns = {field: column for column, field in guess_columns(table).columns.items()} if table.headers else {}
    if "id_number" not in columns:
        return pd.DataFrame(columns=list(FIELDS))
    cells = table.cells
    blank = pd.Series("", index=cells.index, dtype=object)
    found = pd.DataFrame({name: cells[columns[name]] if name in columns else blank for name in FIELDS})
    found = found.fillna("").astype(str).apply(lambda column: column.str.strip())
    found["id_number"] = found["id_number"].str.normalize("NFKC").str.upper()
    return found[found["id_number"].str.fullmatch(r"\d{17}[\dX]")]
