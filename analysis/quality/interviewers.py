"""Interviewers whose answers are unlike those that others got in the same places.

If it does not matter who asked, the answers that one interviewer got in a place are a random part of all that were
given there: their sum has a known mean and variance (for yes and no that of the hypergeometric law, as Mantel and
Haenszel 1959 have it), and so has its sum over places; where few said yes, or few no, its law is computed exactly.
The others are the four fifths of the interviewers who are the least strange, so that a fabricator does not pass for
usual. Interviewers always differ a little: z is measured against how much these do (Spiegelhalter 2005:
over-dispersion, here by the median), and p-values are adjusted for all looks together (Benjamini and Hochberg 1995).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.compare import adjusted
from analysis.quality.flags import flags

LEVEL = 0.05
LEAST = 10
HALF_OF_NORMAL = 0.6745  # half of a normal's |z| lie below
RARE = 5.0  # expected yes, or no, below which the normal law is not trusted
CORE = 0.8  # the share of interviewers, the least strange, with whom all are compared
FEW = 5  # interviewers from whom their usual spread can be told


def interviewer_rates(
    items: pd.DataFrame, interviewer: pd.Series, place: pd.Series | None = None, *, least: int = LEAST
) -> pd.DataFrame:
    """A row per interviewer and item: what they got, and what is expected of anybody in the same places.

    items: columns of yes and no, or of numbers such as scores or log(pace), missing where not asked. place: where each
    interview was; None takes one place. Columns: interviewer, item, n (answers in places where others worked too),
    mean (a share for yes and no), expected, yes_and_no, z, spread (how much z usually varies, at least 1), p_value,
    p_adjusted. Those with fewer than `least` such answers have no p-value: nobody can be compared with himself.
    """
    where = pd.Series(0, index=items.index) if place is None else place
    tables = [_of_item(items[name], interviewer, where, str(name), least) for name in items.columns]
    table = pd.concat(tables, ignore_index=True)
    return table.assign(p_adjusted=adjusted(table["p_value"].to_numpy(), "bh"))


def unlike_others(
    items: pd.DataFrame,
    interviewer: pd.Series,
    place: pd.Series | None = None,
    *,
    level: float = LEVEL,
    least: int = LEAST,
) -> pd.DataFrame:
    """Flags of interviewers by item, where the adjusted p-value is below `level`; value: mean less expected.

    Of all such flags at most the share `level` is expected to be by chance. Codes: unlike_others for yes and no,
    unlike_others_mean for numbers.
    """
    table = interviewer_rates(items, interviewer, place, least=least)
    found = table[table["p_adjusted"] < level]
    gap, who, item = found["mean"] - found["expected"], found["interviewer"], found["item"]
    flagged = flags("unlike_others", [None] * len(found), gap, level, interviewer=who, other=item)
    return flagged.assign(code=np.where(found["yes_and_no"], "unlike_others", "unlike_others_mean"))


def rounded(numbers: pd.Series, to: float = 10) -> pd.Series:
    """Whether each number is a multiple of `to` (heaping): an item for unlike_others; missing stays missing."""
    value = numbers.astype(float)
    return (value % to == 0).astype(float).where(value.notna())


def _of_item(column: pd.Series, interviewer: pd.Series, place: pd.Series, name: str, least: int) -> pd.DataFrame:
    answers = pd.DataFrame({"y": column.astype(float), "who": interviewer, "place": place}).dropna()
    whole = bool(answers["y"].isin([0, 1]).all())
    middle = 0.0 if whole else float(answers["y"].mean())  # sums of squares about it, so that nothing cancels
    answers["y"] -= middle
    answers["yy"] = answers["y"] ** 2
    cells = answers.groupby(["place", "who"]).agg(n=("y", "size"), y=("y", "sum"), yy=("yy", "sum")).reset_index()
    first = _compared(cells, pd.Series(data=True, index=cells.index), least, whole=whole)
    usual = first["z"].abs().quantile(CORE) if first["z"].notna().sum() >= FEW else np.inf
    strange = first.index[first["z"].abs() > usual]
    found = _compared(cells, ~cells["who"].isin(strange), least, whole=whole)
    spread = _usual_spread(found["raw"].drop(strange).dropna())
    return pd.DataFrame(
        {
            "interviewer": found.index,
            "item": name,
            "n": found["n"].fillna(0).astype(int).to_numpy(),
            "mean": (found["y"] / found["n"] + middle).to_numpy(),
            "expected": (found["expected"] / found["n"] + middle).to_numpy(),
            "yes_and_no": whole,
            "z": found["z"].to_numpy(),
            "spread": spread,
            "p_value": 2 * stats.norm.sf(np.abs(found["z"]) / spread),
        }
    )


def _compared(cells: pd.DataFrame, core: pd.Series, least: int, *, whole: bool) -> pd.DataFrame:
    """Every interviewer against the core in the same places: n, y, expected, variance, z, and z as it came (raw)."""
    table = cells.copy()
    of_core = cells[core].groupby("place")[["n", "y", "yy"]].sum()
    there = of_core.reindex(cells["place"]).fillna(0.0).set_axis(cells.index)
    there += cells[["n", "y", "yy"]].where(~core, 0.0)
    size = there["n"].clip(lower=1)
    spread = ((there["yy"] - there["y"] ** 2 / size).clip(lower=0) / (size - 1).clip(lower=1)).where(size > 1, 0.0)
    table["expected"] = cells["n"] * there["y"] / size
    table["variance"] = cells["n"] * (1 - cells["n"] / size) * spread
    table["there"], table["yes_there"] = there["n"], there["y"]
    shared = table[cells["n"] < there["n"]]
    names = ["n", "y", "expected", "variance"]
    sums = shared.groupby("who")[names].sum().reindex(pd.unique(cells["who"]))
    enough = (sums["n"] >= least) & (sums["variance"] > 0)
    sd = np.sqrt(sums["variance"].where(enough))
    gap = sums["y"] - sums["expected"]
    step = (gap.abs() - 0.5 * whole).clip(lower=0)  # half a person, for a count is whole
    sums["raw"], sums["z"] = gap / sd, np.sign(gap) * step / sd
    rare = enough & (np.minimum(sums["expected"], sums["n"] - sums["expected"]) < RARE) & whole
    for who in sums.index[rare]:
        sums.loc[who, "z"] = _exact_z(shared[shared["who"] == who])
    return sums


def _exact_z(cells: pd.DataFrame) -> float:
    """The normal quantile of the exact tail of a sum of hypergeometric counts, one for each place."""
    law = np.ones(1)
    counts = cells[["n", "there", "yes_there"]].round().astype(int)
    for size, there, yes in counts.itertuples(index=False):
        law = np.convolve(law, stats.hypergeom.pmf(np.arange(size + 1), there, yes, size))
    got = round(float(cells["y"].sum()))
    low, high = float(law[: got + 1].sum()), float(law[got:].sum())
    tail = min(low, high, 0.5)
    return float(stats.norm.isf(max(tail, 1e-300))) * (1 if high < low else -1)


def _usual_spread(z: pd.Series) -> float:
    """How much larger than by chance the z of most interviewers are; the median is not moved by a few fabricators."""
    return max(1.0, float(z.abs().median()) / HALF_OF_NORMAL) if len(z) >= FEW else 1.0
