"""De-identified by default: what is taken out of coded answers before they leave, and the line that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from flask_babel import gettext

from analysis.report.disclosure import mask_personal

LEAST = 5
GROUP = ("county", "category", "unit")
TELLING = ("category", "category_name", "stratum")
"""What is blanked where a county has fewer than five counted cases of a category."""


@dataclass(frozen=True)
class Removed:
    """What was taken out: questions left behind, cells with a personal number masked, cases whose category is blank."""

    questions: int = 0
    numbers: int = 0
    cases: int = 0

    @property
    def text(self) -> str:
        """The line that stands beside the data."""
        counts = {"questions": self.questions, "numbers": self.numbers, "cases": self.cases}
        return (
            gettext(
                "De-identified: %(questions)s questions left out (names, numbers, places, free text, files, or not "
                "marked as free of personal facts), personal numbers masked in %(numbers)s cells, category and stratum "
                "blank for %(cases)s cases of groups under 5."
            )
            % counts
        )


def deidentified(table: pd.DataFrame, facts: Sequence[str], questions: int) -> tuple[pd.DataFrame, Removed]:
    """The table without personal numbers in any text, and without groups of fewer than five.

    ``facts`` are the columns that the study knows of every case; sample numbers among them are codes of ours.
    """
    safe, numbers = table.copy(), 0
    for name in table.columns:
        if name in facts or pd.api.types.is_numeric_dtype(table[name]):
            continue
        masked = table[name].map(lambda cell: mask_personal(cell) if isinstance(cell, str) else cell)
        changed = (masked != table[name]) & table[name].notna()
        if changed.any():
            numbers += int(changed.sum())
            safe[name] = masked
    small = _small(table)
    for name in TELLING:
        if name in safe and small.any():
            safe[name] = safe[name].mask(small, "")
    return safe, Removed(questions, numbers, int(small.sum()))


def _small(table: pd.DataFrame) -> pd.Series:
    """Which rows are of a group under five; one more group is blanked with a single one, so that none is left over."""
    keys = [name for name in GROUP if name in table]
    if table.empty or not keys:
        return pd.Series(data=False, index=table.index)
    sizes = table.groupby(keys)[keys[0]].transform("size")
    small = sizes < LEAST
    for _, county in table.groupby("county") if "county" in table else ():
        hidden = small[county.index]
        if 0 < int(hidden.sum()) < LEAST and not hidden.all():
            left = sizes[county.index][~hidden]
            small[left.index[left == left.min()]] = True
    return small
