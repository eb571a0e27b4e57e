"""Tables that may be handed out: no count under five, nor another that would give it away by subtraction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from flask_babel import gettext

from analysis.report.disclosure import suppress_small
from analysis.report.document import Table

COUNT = "integer"


def guarded(table: Table) -> tuple[Table, int]:
    """The table with its small counts blank, the rates of such a row too; and how many cells were blanked."""
    counts = [at for at, column in enumerate(table.columns) if column.kind == COUNT]
    if not counts or not table.rows:
        return table, 0
    block = pd.DataFrame([[_count(row[at]) for at in counts] for row in table.rows])
    mask = suppress_small(block)
    numbers = [at for at, column in enumerate(table.columns) if column.kind != "text"]
    rows = [_blanked(row, counts, numbers, mask.iloc[place].tolist()) for place, row in enumerate(table.rows)]
    hidden = sum(
        1
        for before, after in zip(table.rows, rows, strict=True)
        for old, new in zip(before, after, strict=True)
        if old is not None and new is None
    )
    if not hidden:
        return table, 0
    note = gettext("Blank: %(cells)s cells of fewer than 5, or that would give one away.") % {"cells": hidden}
    return replace(table, rows=rows, notes=[*table.notes, note]), hidden


def _blanked(row: Sequence[Any], counts: Sequence[int], numbers: Sequence[int], hidden: Sequence[bool]) -> list[Any]:
    """Hidden counts blank; rates and scores of the row too, which would tell them."""
    if not any(hidden):
        return list(row)
    away = {at for at, hide in zip(counts, hidden, strict=True) if hide}
    away |= {at for at in numbers if at not in counts}
    return [None if at in away else cell for at, cell in enumerate(row)]


def _count(cell: Any) -> int:  # noqa: ANN401 - a cell
    return 0 if cell is None or pd.isna(cell) else int(cell)
