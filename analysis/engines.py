"""The one pass where the data does not fit in memory: DuckDB adds up a Parquet file by cell.

What is asked of the database is one SELECT of plain sums by stratum, cluster and domain, about a pilot mean, for all
items at once (queries.py); everything after it is what rows in memory go through (cells.py), so that the estimates are
the same. Two cheaper ones may stand beside it: numbers, and what may be blank, are looked at first; and where clusters
were drawn, so that cells are many, what is merely counted is counted by domain. DuckDB is an extra: `pip install
zoufang[parquet]`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.cells import Asked, Bases, Layout, Moments, Sums, joined
from analysis.design import SurveyDesign
from analysis.errors import DesignError
from analysis.queries import Question, Table, literal, look
from analysis.rates import Estimates, Linear, assemble, check_interval
from analysis.stages import Codes, Floats, Lonely, Stage, build_stages, group_totals
from analysis.totals import BLOCK, Columns, domains_of

if TYPE_CHECKING:
    from analysis.queries import Source

Named = Mapping[str, str] | Sequence[str] | str


class ParquetDesign:
    """A sample in a Parquet file, and how it was drawn: `SurveyDesign` for data that stays where it is.

    source: a Parquet file, a list of them or a pattern such as "answers/*.parquet", or a relation of DuckDB, which
    may be anything that DuckDB reads. The rest is as in SurveyDesign: names of columns of the source. Items are
    columns too; what has to be computed first is a projection of the relation. What needs single rows (calibration,
    unequal probabilities, ratios, quantiles) is for SurveyDesign.

    Raises DesignError as SurveyDesign does, and where DuckDB is not installed.
    """

    def __init__(
        self,
        source: Source,
        *,
        weight: str | None = None,
        stratum: str | None = None,
        cluster: Columns = None,
        population: Columns = None,
        lonely: Lonely = "fail",
    ) -> None:
        self.table = Table(source)
        self.weight, self.stratum = weight, stratum
        self.lonely: Lonely = lonely
        self.clusters, self.populations = _listed(cluster), _listed(population)
        self.within: tuple[str, ...] = ()
        roles = {"weight": _listed(weight), "stratum": _listed(stratum)}
        for role, names in (roles | {"cluster": self.clusters, "population": self.populations}).items():
            for name in names:
                self.table.check(name, role)

    def rates(self, items: Named, by: Columns = None, interval: str = "auto", level: float = 0.95) -> Estimates:
        """Weighted shares of yes, as fractions, with intervals; see SurveyDesign.rates. Items are columns by name."""
        check_interval(interval, level)
        return assemble(_Pass(self, items, by, binary=True).linear("rate", interval), level)

    def means(self, items: Named, by: Columns = None, level: float = 0.95) -> Estimates:
        """Weighted means of columns of numbers, with intervals by Student's t."""
        return assemble(_Pass(self, items, by, binary=False).linear("mean", "mean"), level)

    def totals(self, items: Named, by: Columns = None, level: float = 0.95) -> Estimates:
        """Weighted totals of columns of numbers over the population; what is missing counts as nothing."""
        return assemble(_Pass(self, items, by, binary=False).linear("total", "mean"), level)

    def where(self, column: str) -> ParquetDesign:
        """The design of a part of the population: a column of yes and no. Everybody stays in it."""
        self.table.check(column, "part")
        design = copy.copy(self)
        design.within = (*self.within, column)
        return design


class _Units(SurveyDesign):
    """The last units of a design as its rows; each stands for many people where the last stage drew people."""

    def __init__(self, design: ParquetDesign, units: pd.DataFrame, people: Floats | None) -> None:
        stratum = None if design.stratum is None else units[design.stratum]
        clusters = [units[name] for name in design.clusters]
        populations = [pd.to_numeric(units[name]) for name in design.populations]
        self.data = units
        self.stages = build_stages(len(units), stratum, clusters, populations, design.lonely, people)
        self.weights = self._default_weights(None) if design.weight is None else np.ones(len(units))
        self.within, self.calibrations = None, ()


class _Pass:
    """One reading: the sums by cell, what cells they are, and what follows from them."""

    def __init__(self, design: ParquetDesign, items: Named, by: Columns, *, binary: bool) -> None:
        self.columns = look(design.table, _named(items), binary=binary)
        own = list(dict.fromkeys([*_listed(design.stratum), *design.clusters, *design.populations]))
        for name in _listed(by):
            design.table.check(name, "domains")
        keys = list(dict.fromkeys([*own, *_listed(by)]))
        people = len(design.populations) > len(design.clusters) or not design.clusters
        self.question = Question(
            design.table, design.weight, design.within, keys, self.columns, squares=not binary, people=people
        )
        found = self.question.cells()
        at_once = self.question.at_once
        counts = found if at_once else self.question.counts(_listed(by))
        _check(counts, design)
        labels = _labels(found, keys, keys)
        of_all, self.units = _units(design, labels[own], found["n"].to_numpy(np.float64) if people else None)
        self.weight = self._weight(found["w"], of_all)
        domains = domains_of(labels, by, found["inside"].to_numpy(bool))
        inside = domains.code >= 0
        self.keys, self.domain, self.unit = domains.keys, domains.code[inside], of_all[inside]
        self._found = found[inside]
        place = domains.code if at_once else _place(self.keys, _labels(counts, keys, _listed(by)))
        counted = (place >= 0) & counts["inside"].to_numpy(bool)
        self._counts, self._place = counts[counted], place[counted]
        base = Bases.of(self.units.stages)
        self.layout = Layout(self.units.stages, base, base.row[self.unit], self.domain, len(domains))

    def linear(self, kind: str, interval: str) -> Linear:
        """The estimates, ready to be given intervals."""
        whole = [at for at, column in enumerate(self.columns) if not column.missing]
        apart = [[at] for at, column in enumerate(self.columns) if column.missing]
        step = max(1, BLOCK // max(1, len(self.domain)))
        blocks = [*(whole[start : start + step] for start in range(0, len(whole), step)), *apart]
        sums = [self._sums(block) for block in blocks]
        pilots = [np.array([self.columns[item].pilot for item in block]) for block in blocks]
        parts, middles = zip(*(self._moments(kind, *both) for both in zip(sums, pilots, strict=True)), strict=True)
        order = np.argsort(np.concatenate(blocks))
        moments = joined(parts, order)
        below = np.ones_like(moments.w) if kind == "total" else 1 / np.where(moments.w > 0, moments.w, np.inf)
        places = {item: (found, at) for found, block in zip(sums, blocks, strict=True) for at, item in enumerate(block)}
        scored = _Scored([places[item] for item in range(len(places))], np.concatenate(middles)[order], below)
        open_cells = ~self.units.take_all()[self.unit]
        certain = np.bincount(self.domain[open_cells], minlength=len(self.keys)) == 0
        names = tuple(column.name for column in self.columns)
        return Linear(
            kind,
            self.units,
            names,
            self.keys,
            moments,
            interval,
            certain,
            self.weight,
            _Covariances(self, scored),
            _no_scores,
        )

    def _sums(self, block: list[int]) -> Sums:
        """Of items that were asked of the same people."""
        numbers, people = self.question.squares, self.question.people
        own = str(block[0]) if self.columns[block[0]].missing else ""
        n, w2 = f"n{own}", f"w2{own}"
        cells = (self._cell(n, 0), self._cell(w2, 2)) if people else ()
        return Sums(
            Asked(self._cell(f"w{own}", 1), self._count(n, 0), self._count(w2, 2), *cells),
            wy=np.stack([self._cell(f"wy{item}", 1) for item in block]),
            y=np.stack([self._count(f"y{item}", 0) for item in block]),
            wyy=np.stack([self._count(f"wyy{item}", 1) for item in block]) if numbers else None,
            w2y=np.stack([self._cell(f"w2y{item}", 2) for item in block]) if people else None,
            w2yy=np.stack([self._cell(f"w2yy{item}", 2) for item in block]) if people and numbers else None,
        )

    def _cell(self, name: str, power: int) -> Floats:
        """Sums by cell, 0 where nobody was asked; weights that the design makes are made here."""
        own = self.units.weights[self.unit] ** power
        return np.nan_to_num(self._found[name].to_numpy(np.float64, na_value=0.0)) * own

    def _count(self, name: str, power: int) -> Floats:
        """Sums by domain."""
        if self.question.at_once:
            return self.layout.to_domains(self._cell(name, power))
        found = np.nan_to_num(self._counts[name].to_numpy(np.float64, na_value=0.0))
        return np.bincount(self._place, found, minlength=len(self.keys)).astype(np.float64)

    def _weight(self, weights: pd.Series, unit: Codes) -> Floats:
        """Weights of all people by stratum of the first stage."""
        stage = self.units.stages[0]
        each = weights.to_numpy(np.float64) * self.units.weights[unit]
        return np.bincount(stage.row_stratum()[unit], each, minlength=len(stage.drawn)).astype(np.float64)

    def _moments(self, kind: str, sums: Sums, pilots: Floats) -> tuple[Moments, Floats]:
        """Estimates, and the middles that their scores are about, from the pilots."""
        if kind == "total":
            return self.layout.totals(sums, pilots), self.layout.middle_of_totals(sums, pilots)
        found = self.layout.moments(sums, pilots)
        return found, np.where(found.n > 0, found.mean - pilots[:, None], 0.0)


@dataclass(frozen=True, eq=False)
class _Scored:
    """What a score w (y - middle) × factor is made of: the sums of each item, and tables (items, domains)."""

    places: list[tuple[Sums, int]]
    middle: Floats
    factor: Floats


class _Covariances:
    """The covariance of estimates, from the cells; the people drawn in a last stage are asked for once more."""

    def __init__(self, reading: _Pass, scored: _Scored) -> None:
        self._pass, self._scored = reading, scored

    def __call__(self, rows: Sequence[int]) -> Floats:
        """Of the estimates in some rows of the frame."""
        scores = np.column_stack([self._unit_scores(row) for row in rows])
        total = np.zeros((len(rows), len(rows)))
        for stage in self._pass.units.stages:
            if (stage.scale > 0).any():
                total += self._of_people(stage, rows, scores) if stage.unit is None else stage.covariance(scores)
        return total

    def _centre(self, row: int) -> tuple[int, int, float, float]:
        """Item and domain of a row, the middle that its scores are about (from the pilot), and their factor."""
        item, domain = divmod(row, len(self._pass.keys))
        return item, domain, float(self._scored.middle[item, domain]), float(self._scored.factor[item, domain])

    def _unit_scores(self, row: int) -> Floats:
        item, domain, middle, factor = self._centre(row)
        sums, at = self._scored.places[item]
        here = np.flatnonzero(self._pass.domain == domain)
        scores = (sums.wy[at, here] - middle * sums.asked.w[here]) * factor
        unit = self._pass.unit[here]
        return np.bincount(unit, scores, minlength=len(self._pass.units.data)).astype(np.float64)

    def _of_people(self, stage: Stage, rows: Sequence[int], scores: Floats) -> Floats:
        """The part of a last stage that drew people: Σ scale (Σ z z' - Σ z Σ z'/m) by stratum."""
        sums = group_totals(stage.stratum, len(stage.drawn), scores)
        scale = np.where(stage.alone, 0.0, stage.scale)
        inner = self._products(rows, scale[stage.stratum]) - (sums.T * (scale / stage.drawn)) @ sums
        if stage.lonely != "adjust":
            return stage.inflation * inner
        far = (sums - sums.sum(axis=0) / stage.drawn.sum())[stage.alone]
        return inner + (far.T * stage.scale[stage.alone]) @ far

    def _products(self, rows: Sequence[int], scale: Floats) -> Floats:
        """Σ scale Σ z z', of all pairs in one reading; `scale` of each unit."""
        centres = [self._centre(row) for row in rows]
        pairs = [
            (i, j) for i, one in enumerate(centres) for j, other in enumerate(centres[: i + 1]) if one[1] == other[1]
        ]
        question, units = self._pass.question, self._pass.units
        found = question.products([self._score(*centre) for centre in centres], pairs)
        unit = _place(units.data, _labels(found, question.keys, list(units.data.columns)))
        scale = scale * units.weights**2
        out = np.zeros((len(rows), len(rows)))
        for at, (i, j) in enumerate(pairs):
            out[i, j] = out[j, i] = float(np.nan_to_num(found[f"p{at}"].to_numpy(np.float64)) @ scale[unit])
        return out

    def _score(self, item: int, domain: int, middle: float, factor: float) -> str:
        """The score of a person in SQL."""
        question, keys = self._pass.question, self._pass.keys
        here = [
            f"k{question.keys.index(str(name))} = {question.table.literal(keys[name].iloc[domain])}" for name in keys
        ]
        condition = " AND ".join(["inside", *here])
        return f"CASE WHEN {condition} THEN w * (v{item} - {literal(middle)}) * {literal(factor)} ELSE 0 END"


def _check(found: pd.DataFrame, design: ParquetDesign) -> None:
    """Raise DesignError for no rows, and for weights that are none."""
    if found.empty or not found["n"].sum():
        raise DesignError("empty", "there are no rows to estimate from")
    wrong = int(found["wrong"].sum())
    if wrong:
        message = (
            f"{wrong} rows have no weight above 0 in column {design.weight!r}: make weights with nonresponse_weights, "
            "and keep only who answered"
        )
        raise DesignError("weight", message, column=design.weight, rows=wrong)


def _labels(found: pd.DataFrame, keys: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """The keys of cells that have these names, under them."""
    return found[[f"k{keys.index(name)}" for name in names]].set_axis(list(names), axis="columns")


def _units(design: ParquetDesign, labels: pd.DataFrame, people: Floats | None) -> tuple[Codes, _Units]:
    """The unit of every cell, and the units."""
    names = list(labels.columns)
    for name in names:
        if labels[name].isna().any():
            message = f"some rows have nothing in column {name!r} of the design: fill it, or leave these rows out"
            raise DesignError("design_missing", message, column=name)
    unit = np.zeros(len(labels), np.int32)
    if names:
        unit = labels.groupby(names, sort=True).ngroup().to_numpy().astype(np.int32)
    first = np.empty(int(unit.max()) + 1, np.intp)
    first[unit[::-1]] = np.arange(len(unit))[::-1]
    counted = None if people is None else np.bincount(unit, people, minlength=len(first)).astype(np.float64)
    return unit, _Units(design, labels.iloc[first].reset_index(drop=True), counted)


def _place(table: pd.DataFrame, labels: pd.DataFrame) -> Codes:
    """The row of `table` that has the same values as each row of labels; -1 where none has."""
    names = list(table.columns)
    if not names:
        return np.zeros(len(labels), np.int32)
    numbered = table.assign(**{_NUMBER: range(len(table))})
    found = labels[names].merge(numbered, on=names, how="left")[_NUMBER]
    return found.fillna(-1).to_numpy(np.int32)


_NUMBER = "\0number"


def _no_scores(row: int) -> Floats:
    message = f"the scores of single rows stay in the file; estimate {row} from a frame to have them"
    raise DesignError("scores", message, row=row)


def _named(items: Named) -> dict[str, str]:
    names = [items] if isinstance(items, str) else items
    named = dict(names) if isinstance(names, Mapping) else {name: name for name in names}
    if not named:
        raise DesignError("items", "no items were named to estimate")
    return {str(name): column for name, column in named.items()}


def _listed(columns: Columns) -> list[str]:
    return [columns] if isinstance(columns, str) else list(columns or [])
