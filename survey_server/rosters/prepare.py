"""Files in, a frame out: every step from roster files to units ready for storing, without a database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from survey_server.rosters.checks import FEW, Rules, clean
from survey_server.rosters.columns import ColumnMap, guess_columns, with_constants
from survey_server.rosters.duplicates import find_duplicates, find_shared_phones
from survey_server.rosters.households import Pseudonym
from survey_server.rosters.layout import Table, find_table
from survey_server.rosters.merging import Merged, merge
from survey_server.rosters.problems import Problem, ProblemLog
from survey_server.rosters.reading import Limits, RosterFileError, read_sheets

LARGE_HOUSEHOLD = 15
_EVERY = slice(None)

Progress = Callable[[int, int, str], None]
"""Called with files done, files in all, and the name of the file in hand."""


@dataclass(frozen=True)
class Source:
    """One file by name; its content is read when its turn comes and dropped after it."""

    name: str
    load: Callable[[], bytes]


@dataclass(frozen=True)
class SheetSummary:
    """What was made of one sheet."""

    file: str
    sheet: str
    title: str
    mapping: ColumnMap
    rows: int
    used: int


@dataclass(frozen=True)
class Prepared:
    """A frame ready for storing: units, how rows became units, and everything that was wrong."""

    sheets: tuple[SheetSummary, ...]
    merged: Merged
    problems: pd.DataFrame
    digests: Mapping[str, str]
    """File → SHA-256 of its bytes."""

    @property
    def counts(self) -> pd.DataFrame:
        """Units and persons by county and category: county, category, category_name, unit, units, persons."""
        by = ["county", "category", "category_name", "unit"]
        groups = self.merged.households.groupby(by, sort=False, observed=True)["persons"]
        counts = groups.agg(units="size", persons="sum").reset_index()
        order = counts["category"].astype(int)
        return counts.assign(order=order).sort_values(["county", "order"], ignore_index=True).drop(columns="order")


def prepare(
    sources: Sequence[Source],
    rules: Rules,
    pseudonym: Pseudonym,
    *,
    constants: Mapping[tuple[str, str], Mapping[str, str]] | None = None,
    remembered: Mapping[str, Mapping[str, str]] | None = None,
    known_digests: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Read, clean, de-duplicate and merge the files of one import.

    Args:
        sources: the files.
        rules: what the study decides.
        pseudonym: keyed hash for unit ids.
        constants: (file, sheet) → what somebody said of the whole sheet; stands before what its names say.
        remembered: fingerprint of headers → columns, from earlier imports of the study.
        known_digests: SHA-256 → name of files that were imported before; those are not read again.
        limits: bounds of a file.
        progress: is told after every file.
    """
    log = ProblemLog(rules.severities)
    seen = dict(known_digests or {})
    digests: dict[str, str] = {}
    sheets: list[SheetSummary] = []
    parts: list[pd.DataFrame] = []
    for number, source in enumerate(sources):
        data = source.load()
        digest = digests[source.name] = hashlib.sha256(data).hexdigest()
        if digest in seen:
            log.add(Problem("file_already_here", source.name, fields={"first": seen[digest]}))
        else:
            seen[digest] = source.name
            for table, rows in _tables(source.name, data, limits, log):
                said = (constants or {}).get((source.name, table.sheet), {})
                mapping = with_constants(guess_columns(table, remembered), said)
                part = clean(table, mapping, rules, log)
                parts.append(part)
                sheets.append(SheetSummary(source.name, table.sheet, table.title, mapping, rows, len(part)))
        if progress:
            progress(number + 1, len(sources), source.name)
    return Prepared(tuple(sheets), _merge(parts, rules, pseudonym, log), log.table, digests)


def _tables(file: str, data: bytes, limits: Limits | None, log: ProblemLog) -> list[tuple[Table, int]]:
    """The tables of one file; what cannot be read is a problem of that file alone."""
    tables = []
    try:
        for sheet in read_sheets(file, data, limits):
            table = find_table(sheet)
            for problem in table.problems:
                log.add(problem)
            if table.headers:
                tables.append((table, len(table.cells)))
    except RosterFileError as error:
        log.add(Problem(error.code, file, fields=error.fields))
    return tables


def _merge(parts: list[pd.DataFrame], rules: Rules, pseudonym: Pseudonym, log: ProblemLog) -> Merged:
    filled = [part for part in parts if len(part)]
    if not filled:
        empty = pd.DataFrame(columns=["unit", "file", "sheet", "row", "category", "why"])
        return Merged(_NO_HOUSEHOLDS.copy(), empty, np.array([], dtype=np.int64))
    parts.clear()
    persons = _joined(filled)
    persons = _joined([persons], find_duplicates(persons, log))
    merged = merge(persons, rules, pseudonym)
    shared = find_shared_phones(persons, merged.household, log, rules.shared_phone)
    _withhold(merged.households, shared)
    _compare_sizes(merged, log)
    return merged


_NO_HOUSEHOLDS = pd.DataFrame(
    {
        name: pd.Series(dtype=object)
        for name in (
            *("unit_id", "unit", "county", "town", "village", "area", "category", "category_name", "categories"),
            *("persons", "counted", "family", "monthly", "amount", "standard", "standard_year"),
            *("name", "surname", "id_number", "born", "phones", "address", "card", "lon", "lat"),
        )
    }
)


def _joined(parts: list[pd.DataFrame], keep: np.ndarray | slice = _EVERY) -> pd.DataFrame:
    """The rows of all parts in one table, column by column so that a city is never held twice; empties the parts."""
    columns = {}
    for name in map(str, list(parts[0])):
        pieces = [part.pop(name) for part in parts]
        if name in FEW:
            columns[name] = union_categoricals([piece.array for piece in pieces])[keep]
        else:
            columns[name] = np.concatenate([piece.to_numpy() for piece in pieces])[keep]
    parts.clear()
    return pd.DataFrame(columns, copy=False)


def _withhold(households: pd.DataFrame, shared: frozenset[str]) -> None:
    """Take shared telephones away from the households: whoever answers there is not the household."""
    if shared:
        cells = households["phones"].to_numpy()
        households["phones"] = [" ".join(n for n in cell.split(" ") if n not in shared) for cell in cells]


def _compare_sizes(merged: Merged, log: ProblemLog) -> None:
    """Households too large to be one, and those whose rows are not as many as stated."""
    households = merged.households
    counted, stated = households["counted"].to_numpy(), households["persons"].to_numpy()
    first = merged.links.drop_duplicates("unit").set_index("unit")
    for code, where in (
        ("household_too_large", np.maximum(counted, stated) > LARGE_HOUSEHOLD),
        ("persons_differ", (counted != stated) & (counted > 1)),
    ):
        for unit in np.flatnonzero(where):
            link = first.loc[unit]
            fields = {"stated": int(stated[unit]), "counted": int(counted[unit])}
            fields["persons"] = max(fields["stated"], fields["counted"])
            log.add(Problem(code, str(link["file"]), str(link["sheet"]), int(link["row"]), "persons", fields=fields))
