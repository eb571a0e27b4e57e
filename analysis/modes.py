"""Whether the way of asking (入户、电话、自填) changes the answers to identical items.

Two comparisons. `mode_effects`: the people who answered in one mode against those of another, each mode calibrated to
the same margins of the roster, so that what differs is not merely who answers where; some selection stays.
`repeated_answers`: the same people asked twice, in two modes or by a back-check: each compared with himself.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis import calibration
from analysis.compare import Adjustment, differences, tested
from analysis.errors import AnalysisError, WeightingError

if TYPE_CHECKING:
    from analysis.design import SurveyDesign
    from analysis.totals import ItemColumns

VOLUNTEERS = "qr_place"


def mode_effects(
    design: SurveyDesign,
    items: ItemColumns,
    *,
    mode: str = "channel",
    margins: Mapping[str, Mapping[object, float]] | None = None,
    level: float = 0.95,
    adjust: Adjustment = "holm",
) -> pd.DataFrame:
    """Every mode against every other on every item, as one family.

    items: columns of numbers, or all of yes and no (then a mode in which everybody agrees keeps its doubt). mode: the
    column that says how each row was asked. margins: columns of the roster with the totals of their values, to which
    every mode is raked by itself; None compares the modes as they are. Columns: item, one, other (modes), mean_one,
    mean_other, estimate (one less other), se, df, statistic, p_value, p_adjusted, low, high, n_one, n_other.
    Raises AnalysisError for volunteers, rows without a mode, or one mode alone; WeightingError for a margin that
    nobody of a mode is in.
    """
    modes = _modes(design, mode)
    bound = design if margins is None else _raked_by_mode(design, mode, modes, margins)
    verb = bound.rates if _yes_and_no(design, items) else bound.means
    found = verb(items, by=mode, level=level)
    frame = found.frame
    pairs = [
        (int(a), int(b))
        for _, rows in frame[frame["n"] > 0].groupby("item", sort=False)
        for a, b in combinations(rows.index, 2)
    ]
    if not pairs:
        raise AnalysisError("modes", f"no item was asked in two modes ({mode}): there is nothing to compare")
    table = differences(found, pairs, adjust=adjust)
    one, other = frame.loc[table["row_one"]], frame.loc[table["row_other"]]
    sides = pd.DataFrame(
        {
            "item": one["item"].to_numpy(),
            "mean_one": one["estimate"].to_numpy(),
            "mean_other": other["estimate"].to_numpy(),
            "n_one": one["n"].to_numpy(),
            "n_other": other["n"].to_numpy(),
        }
    )
    return sides.join(table)[
        ["item", "one", "other", "mean_one", "mean_other", "estimate", "se", "df", "statistic", "p_value",
         "p_adjusted", "low", "high", "n_one", "n_other"]
    ]  # fmt: skip


def repeated_answers(
    design: SurveyDesign,
    pairs: Mapping[str, tuple[ArrayLike | str, ArrayLike | str]],
    *,
    level: float = 0.95,
    adjust: Adjustment = "holm",
) -> pd.DataFrame:
    """The same people's two answers to each item: a row per item, over those who gave both.

    pairs: maps an item to its columns of the first and of the second answer. Columns: item, n, first, second (means),
    estimate (second less first), se, df, statistic, p_value, p_adjusted, low, high, same (share of equal answers).
    """
    both = {name: _both(design, *columns) for name, columns in pairs.items()}
    columns = {
        "first": {name: a for name, (a, _) in both.items()},
        "second": {name: b for name, (_, b) in both.items()},
        "gap": {name: b - a for name, (a, b) in both.items()},
        "same": {name: np.where(np.isnan(a), np.nan, a == b) for name, (a, b) in both.items()},
    }
    means = {name: design.means(items, level=level) for name, items in columns.items()}
    gap = means["gap"].frame
    test = tested(gap["estimate"].to_numpy(), gap["se"].to_numpy(), float(design.df), level, adjust)
    first = pd.DataFrame({"item": gap["item"], "n": gap["n"]})
    for name in ("first", "second", "same"):
        first[name] = means[name].frame["estimate"]
    same = first.pop("same")
    return first.join(test).assign(same=same)


def _yes_and_no(design: SurveyDesign, items: ItemColumns) -> bool:
    names = [items] if isinstance(items, str) else items
    columns = names.values() if isinstance(names, Mapping) else names
    read = [np.asarray(design.values(column), np.float64) for column in columns]
    return all(((column == 0) | (column == 1) | np.isnan(column)).all() for column in read)


def _both(design: SurveyDesign, one: ArrayLike | str, other: ArrayLike | str) -> tuple[np.ndarray, np.ndarray]:
    a, b = (np.asarray(design.values(column), np.float64) for column in (one, other))
    lacking = np.isnan(a) | np.isnan(b)
    return np.where(lacking, np.nan, a), np.where(lacking, np.nan, b)


def _modes(design: SurveyDesign, mode: str) -> list[object]:
    if mode not in design.data.columns:
        raise AnalysisError("column", f"there is no column {mode!r} that says how people were asked", column=mode)
    column = design.data[mode] if design.within is None else design.data.loc[design.within, mode]
    if column.isna().any():
        row = column.index[int(np.argmax(column.isna().to_numpy()))]
        raise AnalysisError("mode_missing", f"row {row!r} has no mode (column {mode!r})", row=row, column=mode)
    if (column == VOLUNTEERS).any():
        message = f"{VOLUNTEERS} are volunteers: they are shown apart and not compared with a sample"
        raise AnalysisError("volunteers", message)
    return list(pd.unique(column))


def _raked_by_mode(
    design: SurveyDesign, mode: str, modes: list[object], margins: Mapping[str, Mapping[object, float]]
) -> SurveyDesign:
    variables, totals = calibration.margins(design.data, margins)
    blocks, wanted = {}, {}
    for each in modes:
        here = (design.data[mode] == each).to_numpy()
        if design.within is not None:
            here &= design.within
        for name in variables.columns:
            column = variables[name].to_numpy() * here
            if not column.any() and totals[name] > 0:
                cell = f"{each} × {name}"
                message = f"nobody is in the cell {cell}: join values of this margin, or leave the margin out"
                raise WeightingError("empty_cell", message, cell=cell)
            blocks[f"{each}·{name}"], wanted[f"{each}·{name}"] = column, totals[name]
    return design.calibrate(pd.DataFrame(blocks, index=design.data.index), wanted, method="raking")
