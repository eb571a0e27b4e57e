"""From sums by cell to estimates and their variances.

A cell is what of one last unit of the design lies in one domain: stratum × domain where people were drawn one by one,
last cluster × domain where clusters were. Whoever reads the data (totals.py in memory, engines.py by DuckDB) hands
over plain sums by cell, which shards may add up; all estimates and their linearised variances follow from them
(stages.py has the formula).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csc_array

from analysis.stages import Codes, Floats, Stage

_DUST = 1e-12  # what rounding leaves of a difference of equal sums, as a share of them


@dataclass(frozen=True, eq=False)
class Asked:
    """Who was asked. By cell: w, their weights. By domain: n people, and w2, the squares of their weights.

    Where the last stage drew people these two by cell also, as cell_n and cell_w2, else None.
    """

    w: Floats
    n: Floats
    w2: Floats
    cell_n: Floats | None = None
    cell_w2: Floats | None = None


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums of items that were asked of the same people, about a pilot mean each (y).

    By item and cell: wy, and where the last stage drew people also w2y and w2yy. By item and domain: y without
    weights, and wyy. For yes and no, which are their own squares, wyy and w2yy are None.
    """

    asked: Asked
    wy: Floats
    y: Floats
    wyy: Floats | None
    w2y: Floats | None
    w2yy: Floats | None


@dataclass(frozen=True, eq=False)
class Cells:
    """Stratum of the first stage and domain of each cell, and by item n, w and w2 of `Asked`: tables (items, cells)."""

    stratum: Codes
    domain: Codes
    n: Floats
    w: Floats
    w2: Floats


@dataclass(frozen=True, eq=False)
class Moments:
    """What the pass found, (items, domains) each.

    n: asked. yes: sum of the item over them, unweighted. w, w2: sums of weights and of their squares. mean:
    weighted mean. spread: weighted variance of single answers (divisor n-1). variance: of the mean. df: units less
    strata of the domain; steady_df: no more of them than the weights let count. strata: strata that it touches.
    cells: the tables behind, where people were drawn one by one.
    """

    n: Floats
    yes: Floats
    w: Floats
    w2: Floats
    mean: Floats
    spread: Floats
    variance: Floats
    df: Floats
    steady_df: Floats
    strata: Floats
    cells: Cells | None


class Adder:
    """Adds up by group: the last axis of what it is called with, one number per row, becomes one per group."""

    def __init__(self, group: Codes, size: int, weights: Floats | None = None) -> None:
        rows = len(group)
        values = np.ones(rows) if weights is None else weights
        self._sums = csc_array((values, group, np.arange(rows + 1, dtype=np.int32)), shape=(size, rows))

    def __call__(self, columns: Floats) -> Floats:
        """The sums; columns of numbers or of yes and no."""
        if columns.ndim == 1:
            return np.asarray(self._sums @ columns)
        out = np.empty((len(columns), self._sums.shape[0]))
        for row, column in zip(out, columns, strict=True):
            row[:] = self._sums @ column
        return out


class Level:
    """A stage as the cells see it: cells to its units × domains, those to its strata × domains, those to domains."""

    def __init__(self, stage: Stage, unit: Codes | None, stratum: Codes, domain: Codes, domains: int) -> None:
        """`unit` (None where people were drawn), `stratum` and `domain` are those of each cell."""
        self.stage = stage
        self._up: Adder | None = None
        if unit is not None:
            cell, found, domain = crossings(unit, domain, domains)
            stratum = parents(cell, len(found), stratum)
            if len(found) < len(cell) or (np.diff(cell) != 1).any():
                self._up = Adder(cell, len(found))
        group, self.stratum, domain = crossings(stratum, domain, domains)
        self._group = Adder(group, len(domain))
        self._domain = Adder(domain, domains)

    def units(self, columns: Floats) -> Floats:
        """Sums by cell added up to units × domains."""
        return columns if self._up is None else self._up(columns)

    def variance(self, scores: Floats, squares: Floats | None = None) -> Floats:
        """What this stage adds, by domain, from scores by cell; `squares` of single scores where people were drawn."""
        stage, stratum = self.stage, self.stratum
        totals = self.units(scores)
        sums = self._group(totals)
        squared = self._group(totals**2 if squares is None else squares)
        between = difference(squared, sums**2 / np.maximum(stage.drawn, 1)[stratum])
        scaled = stage.scale[stratum] * between
        if stage.lonely != "adjust":
            return stage.inflation * self._domain(scaled)
        alone = stage.alone
        grand = self._domain(sums) / stage.drawn.sum()
        untouched = stage.scale[alone].sum() * grand**2
        cross = np.where(alone[stratum], stage.scale[stratum] * sums, 0.0)
        far = self._domain(cross * sums) - 2 * grand * self._domain(cross) + untouched
        return self._domain(np.where(alone[stratum], 0.0, scaled)) + far

    def touched(self, w: Floats) -> tuple[Floats, Floats, Floats]:
        """By domain: units, strata, and strata of lonely units, in which somebody was asked; `w` by cell."""
        units = (self.units(w) > 0).astype(np.float64)
        by_group = self._group(units)
        strata = (by_group > 0).astype(np.float64)
        return self._domain(by_group), self._domain(strata), self._domain(strata * self.stage.alone[self.stratum])

    def steady_freedom(self, asked: Asked) -> Floats:
        """Degrees of freedom by domain if all units differed alike: Satterthwaite's (1946) (Σ a)² / Σ a²/(m - 1).

        a is what a stratum would add to the variance, its squared weights of units; m of its units were asked. Few
        strata with most of the weight leave fewer degrees of freedom than there are units less strata.
        """
        units = self.units(asked.w)
        m = self._group((units > 0).astype(np.float64) if asked.cell_n is None else asked.cell_n)
        a = self._group(units**2 if asked.cell_w2 is None else asked.cell_w2) * self.stage.scale[self.stratum]
        below = self._domain(a**2 / np.maximum(m - 1, 1))
        return np.divide(self._domain(a) ** 2, below, out=np.full_like(below, np.inf), where=below > 0)


@dataclass(frozen=True, eq=False)
class Bases:
    """The last units of a design: clusters, or strata where the last stage drew people.

    row: the last unit of each row. units, strata: by stage, its unit (None where people were drawn) and stratum of
    each last unit.
    """

    row: Codes
    units: tuple[Codes | None, ...]
    strata: tuple[Codes, ...]

    @classmethod
    def of(cls, stages: Sequence[Stage]) -> Bases:
        """The last units of these stages."""
        last = stages[-1]
        row, size = (last.stratum, len(last.drawn)) if last.unit is None else (last.unit, len(last.stratum))
        units: list[Codes | None] = []
        strata: list[Codes] = []
        for stage in stages:
            same = np.arange(size, dtype=np.int32)
            unit = None if stage.unit is None else same if stage is last else parents(row, size, stage.unit)
            units.append(unit)
            strata.append(same if unit is None else stage.stratum[unit])
        return cls(row, tuple(units), tuple(strata))


class Layout:
    """The cells of a design and some domains, and how they add up."""

    def __init__(self, stages: Sequence[Stage], base: Bases, cell_base: Codes, domain: Codes, domains: int) -> None:
        self.stages, self.domain, self.domains = stages, domain, domains
        self.to_domains = Adder(domain, domains)
        self.levels = [
            Level(stage, None if unit is None else unit[cell_base], stratum[cell_base], domain, domains)
            for stage, unit, stratum in zip(stages, base.units, base.strata, strict=True)
        ]
        self.first_stratum = base.strata[0][cell_base]

    @property
    def people_drawn(self) -> bool:
        """Whether the last stage drew people and not clusters."""
        return self.stages[-1].unit is None

    def no_sums(self, asked: Asked, items: int, *, binary: bool) -> Sums:
        """Sums to begin with."""
        cells, domains = (items, len(self.domain)), (items, self.domains)
        return Sums(
            asked,
            wy=np.zeros(cells),
            y=np.zeros(domains),
            wyy=None if binary else np.zeros(domains),
            w2y=np.zeros(cells) if self.people_drawn else None,
            w2yy=np.zeros(cells) if self.people_drawn and not binary else None,
        )

    def moments(self, sums: Sums, pilots: Floats) -> Moments:
        """Means of items about their pilots, with variances."""
        n, w, w2 = sums.asked.n, self.to_domains(sums.asked.w), sums.asked.w2
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = self.to_domains(sums.wy) / w
            squares = self.to_domains(sums.wy) if sums.wyy is None else sums.wyy
            spread = difference(squares / w, centre**2) * n / (n - 1)
            below = np.divide(1, w, out=np.zeros_like(w), where=w > 0)
            variance = self.variance(sums, np.where(w > 0, centre, 0.0), below)
        df, strata = self._freedom(sums.asked.w, n)
        steady = np.minimum(df, self.levels[0].steady_freedom(sums.asked))
        shape = centre.shape
        return Moments(
            n=np.broadcast_to(n, shape),
            yes=sums.y + pilots[:, None] * n,
            w=np.broadcast_to(w, shape),
            w2=np.broadcast_to(w2, shape),
            mean=centre + pilots[:, None],
            spread=spread,
            variance=np.where(n > 0, variance, np.nan),
            df=np.broadcast_to(df, shape),
            steady_df=np.broadcast_to(steady, shape),
            strata=np.broadcast_to(strata, shape),
            cells=self._cells(sums.asked, len(centre)),
        )

    def totals(self, sums: Sums, pilots: Floats) -> Moments:
        """The same of totals: `mean` is the total, and `variance` is of it."""
        found = self.moments(sums, pilots)
        total = np.where(found.n > 0, found.w * found.mean, 0.0)
        variance = self.variance(sums, self.middle_of_totals(sums, pilots), np.ones(self.domains))
        return replace(found, mean=total, variance=np.where(found.n > 0, variance, np.nan))

    def middle_of_totals(self, sums: Sums, pilots: Floats) -> Floats:
        """What the scores of totals are about, from the pilots: 0 of the item, (items, domains).

        Where a constant has no variance the pilot adds none, and counting it in would only cost digits.
        """
        w2 = sums.asked.cell_w2
        constant = replace(sums, wy=sums.asked.w[None], w2y=None if w2 is None else w2[None], w2yy=None)
        still = self.variance(constant, np.zeros((1, self.domains)), np.ones(self.domains)) == 0
        return np.where(still, 0.0, -pilots[:, None])

    def variance(self, sums: Sums, middle: Floats, below: Floats) -> Floats:
        """Of Σ w (y - middle) × below, (items, domains), by linearisation; `middle` is about the pilot, too."""
        scores = sums.wy * below[self.domain]
        scores -= (middle * below)[:, self.domain] * sums.asked.w
        squares = None
        if sums.w2y is not None and sums.asked.cell_w2 is not None:
            at, own = middle[:, self.domain], sums.w2y if sums.w2yy is None else sums.w2yy
            squares = difference(own + at**2 * sums.asked.cell_w2, 2 * at * sums.w2y) * below[self.domain] ** 2
        total = np.zeros_like(middle)
        for level in self.levels:
            if (level.stage.scale > 0).any():
                total += level.variance(scores, squares if level.stage.unit is None else None)
        return total

    def _freedom(self, w: Floats, n: Floats) -> tuple[Floats, Floats]:
        """Degrees of freedom and strata touched, by domain: only units where somebody was asked count."""
        first = self.levels[0]
        units, strata, alone = first.touched(w)
        units = n if first.stage.unit is None else units
        pooled = np.maximum(alone - 1, 0) if first.stage.lonely == "adjust" else 0
        return units - strata + pooled, strata

    def _cells(self, asked: Asked, items: int) -> Cells | None:
        if len(self.stages) > 1 or asked.cell_n is None or asked.cell_w2 is None:
            return None
        shape = (items, len(asked.w))
        n, w, w2 = (np.broadcast_to(part, shape) for part in (asked.cell_n, asked.w, asked.cell_w2))
        return Cells(self.first_stratum, self.domain, n, w, w2)


def joined(parts: Sequence[Moments], order: NDArray[np.intp]) -> Moments:
    """Moments of several groups of items as one; `order` puts the items of all parts into their order."""
    names = ("n", "yes", "w", "w2", "mean", "spread", "variance", "df", "steady_df", "strata")
    tables = {name: np.concatenate([getattr(part, name) for part in parts])[order] for name in names}
    found = [part.cells for part in parts if part.cells is not None]
    cells = None
    if found:
        stacked = (np.concatenate([getattr(part, name) for part in found])[order] for name in ("n", "w", "w2"))
        cells = Cells(found[0].stratum, found[0].domain, *stacked)
    return Moments(**tables, cells=cells)


def crossings(one: Codes, other: Codes, width: int) -> tuple[Codes, Codes, Codes]:
    """The pairs that occur: the number of each row's pair, and both halves of each pair; `other` is below `width`."""
    pair = one.astype(np.int64) * width + other
    number, found = numbered(pair)
    return number, (found // width).astype(np.int32), (found % width).astype(np.int32)


def numbered(code: NDArray[np.int64]) -> tuple[Codes, NDArray[np.int64]]:
    """Codes from 0 numbered without gaps: the number of each row, and the code of each number."""
    span = int(code.max()) + 1 if len(code) else 0
    if span > max(1 << 16, 2 * len(code)):
        number, found = pd.factorize(code)
        return number.astype(np.int32), found
    present = np.zeros(span, dtype=bool)
    present[code] = True
    place = np.cumsum(present, dtype=np.int32) - np.int32(1)
    return place[code], np.flatnonzero(present)


def parents(child: Codes, size: int, parent: Codes) -> Codes:
    """The parent of each of `size` children, from rows of both."""
    of = np.empty(size, np.int32)
    of[child] = parent
    return of


def difference(a: Floats, b: Floats) -> Floats:
    """a - b of two positive sums, 0 where only rounding is left."""
    rest = a - b
    return np.where(rest > _DUST * a, rest, 0.0)
