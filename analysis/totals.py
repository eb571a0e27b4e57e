"""The one pass over the data: weighted totals of all items in all domains together.

Rows are added up by cell: stratum × domain where people were drawn one by one, first to last unit × domain where
clusters were. Every sum is plain, so that shards can be added. Numbers are taken about a pilot mean, so that
nothing cancels. All estimates and their linearised variances follow from the cells (stages.py has the formula).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csc_array

from analysis.errors import DesignError
from analysis.stages import Codes, Floats, Stage

if TYPE_CHECKING:
    from analysis.design import SurveyDesign

Columns = str | Sequence[str] | None
ItemColumns = Mapping[str, ArrayLike | str] | Sequence[str] | str

_CHUNK = 8192  # rows that fit the processor's cache with some forty columns


@dataclass(frozen=True, eq=False)
class Items:
    """Items by name. numbers: (rows,) each, 0 where missing; masks: who was asked, None for everybody."""

    names: tuple[str, ...]
    numbers: tuple[NDArray[Any], ...]
    masks: tuple[NDArray[np.bool_] | None, ...]


@dataclass(frozen=True, eq=False)
class Domains:
    """Domains: the code of each row, -1 outside of all, and a frame with a row of keys per domain."""

    code: Codes
    keys: pd.DataFrame

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, eq=False)
class Moments:
    """What the pass found, (domains, items) each.

    n: asked. yes: sum of the item over them, unweighted. w, w2: sums of weights and of their squares. mean:
    weighted mean. spread: weighted variance of single answers (divisor n-1). variance: of the mean. df: units less
    strata of the domain. strata: strata that it touches. cells: the tables behind, for exact intervals.
    """

    n: Floats
    yes: Floats
    w: Floats
    w2: Floats
    mean: Floats
    spread: Floats
    variance: Floats
    df: Floats
    strata: Floats
    cells: Cells


@dataclass(frozen=True, eq=False)
class Cells:
    """Sums by cell, (cells, items): stratum of the first stage and domain of each cell; n, w and w2 as in Moments."""

    stratum: Codes
    domain: Codes
    n: Floats
    w: Floats
    w2: Floats


def moments(design: SurveyDesign, items: Items, domains: Domains, pilots: Floats) -> Moments:
    """Means of items about their pilots, and variances, in one pass; calibrated designs have theirs from scores."""
    stage = design.stages[-1]
    unit = design.stages[0].stratum if design.elements else _last_unit(stage)
    cell, unit_of, domain_of = _cells(unit, domains)
    size = len(unit_of)
    weights = design.weights
    count = np.ones_like(weights)
    sums = _sums(cell, size, (count, weights, weights * weights), items, pilots)
    (n, yes, _), (w, wy, wyy), (w2, w2y, w2yy) = sums

    spread_to = _adder(domain_of, len(domains))
    total_w = spread_to(w)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = spread_to(wy) / total_w
        asked = spread_to(n)
        spread = _difference(spread_to(wyy) / total_w, centre**2) * asked / (asked - 1)
        at = centre[domain_of]
        if design.elements:
            squares = _difference(w2yy + at**2 * w2, 2 * at * w2y) / total_w[domain_of] ** 2
            first = (wy - at * w) / total_w[domain_of]
            variance = _element_variance(design.stages[0], unit_of, domain_of, squares, first, len(domains))
        else:
            scores = (wy - at * w) / total_w[domain_of]
            variance = _cluster_variance(design, unit_of, domain_of, scores, len(domains))
    stratum = unit_of if design.elements else design.stages[0].stratum[_first_unit(design)[unit_of]]
    df, strata = _freedom(design, unit_of, stratum, domain_of, n, len(domains))
    cells = Cells(stratum, domain_of, n, w, w2)
    return Moments(
        n=asked,
        yes=spread_to(yes) + pilots * asked,
        w=total_w,
        w2=spread_to(w2),
        mean=centre + pilots,
        spread=spread,
        variance=np.where(asked > 0, variance, np.nan),
        df=df,
        strata=strata,
        cells=cells,
    )


def _difference(a: Floats, b: Floats) -> Floats:
    """a - b of two positive sums, 0 where only rounding is left."""
    return np.where(a - b > 1e-13 * a, a - b, 0.0)


def _last_unit(stage: Stage) -> Codes:
    return np.arange(len(stage.stratum), dtype=np.int32) if stage.unit is None else stage.unit


def _first_unit(design: SurveyDesign) -> Codes:
    """The unit of the first stage that each unit of the last belongs to."""
    last, first = design.stages[-1], design.stages[0]
    if last is first:
        return np.arange(len(first.stratum), dtype=np.int32)
    return _parents(_last_unit(last), len(last.stratum), _last_unit(first))


def _parents(child: Codes, size: int, parent: Codes) -> Codes:
    of = np.empty(size, np.int32)
    of[child] = parent
    return of


def _cells(unit: Codes, domains: Domains) -> tuple[Codes, Codes, Codes]:
    """Crossings of unit and domain that occur: the cell of each row (-1 outside), unit and domain of each cell."""
    count = max(1, len(domains))
    crossing = np.where(domains.code >= 0, unit.astype(np.int64) * count + domains.code, -1)
    cell, found = pd.factorize(crossing, use_na_sentinel=False)
    keep = found >= 0
    renumber = np.where(keep, np.cumsum(keep) - 1, -1)
    found = found[keep]
    return renumber[cell].astype(np.int32), (found // count).astype(np.int32), (found % count).astype(np.int32)


def _sums(
    cell: Codes, size: int, multipliers: tuple[Floats, ...], items: Items, pilots: Floats
) -> list[tuple[Floats, Floats, Floats]]:
    """Per multiplier the sums by cell of: asked, value about the pilot, and its square, (cells, items) each."""
    masks, mask_of = _distinct_masks(items.masks)
    binary = all(value.dtype == np.bool_ for value in items.numbers) and not pilots.any()
    width, m = len(items.names), len(masks)
    columns = m + width * (1 if binary else 2)
    rows = len(cell)
    out = [np.zeros((size + 1, columns)) for _ in multipliers]
    place = np.where(cell >= 0, cell, size)
    step = max(_CHUNK, 4 * size)
    for start in range(0, rows, step):
        part = slice(start, min(rows, start + step))
        block = _block(items, masks, mask_of, pilots, part, columns, binary=binary)
        pointer = np.arange(len(block) + 1, dtype=np.int32)
        for k, multiplier in enumerate(multipliers):
            by_cell = csc_array((multiplier[part], place[part], pointer), shape=(size + 1, len(block)))
            out[k] += np.asarray(by_cell @ block)
    squared = slice(m, m + width) if binary else slice(m + width, columns)
    return [(total[:-1, mask_of], total[:-1, m : m + width], total[:-1, squared]) for total in out]


def _distinct_masks(
    masks: tuple[NDArray[np.bool_] | None, ...],
) -> tuple[list[NDArray[np.bool_] | None], NDArray[np.intp]]:
    found: dict[int, int] = {}
    distinct: list[NDArray[np.bool_] | None] = []
    for mask in masks:
        if id(mask) not in found:
            found[id(mask)] = len(distinct)
            distinct.append(mask)
    return distinct, np.array([found[id(mask)] for mask in masks], dtype=np.intp)


def _block(
    items: Items,
    masks: list[NDArray[np.bool_] | None],
    mask_of: NDArray[np.intp],
    pilots: Floats,
    part: slice,
    columns: int,
    *,
    binary: bool,
) -> Floats:
    """The columns of some rows side by side: masks, values about their pilots, and their squares."""
    block = np.empty((part.stop - part.start, columns))
    for j, mask in enumerate(masks):
        block[:, j] = 1 if mask is None else mask[part]
    m, width = len(masks), len(items.names)
    for j, value in enumerate(items.numbers):
        block[:, m + j] = value[part]
        if not binary:
            block[:, m + j] -= pilots[j] * block[:, mask_of[j]]
    if not binary:
        block[:, m + width :] = block[:, m : m + width] ** 2
    return block


class _adder:  # noqa: N801 - read as a verb: spread_to(cells)
    """Adds cells up to domains: (cells, items) to (domains, items)."""

    def __init__(self, domain_of: Codes, size: int) -> None:
        pointer = np.arange(len(domain_of) + 1, dtype=np.int32)
        self._matrix = csc_array((np.ones(len(domain_of)), domain_of, pointer), shape=(size, len(domain_of)))

    def __call__(self, cells: Floats) -> Floats:
        return np.asarray(self._matrix @ cells)


def _element_variance(
    stage: Stage, stratum_of: Codes, domain_of: Codes, squares: Floats, sums: Floats, domains: int
) -> Floats:
    shape = (len(stage.drawn), domains, squares.shape[1])
    table = np.zeros((2, *shape))
    table[0, stratum_of, domain_of] = squares
    table[1, stratum_of, domain_of] = sums
    return stage.variance_of_sums(table[0], table[1])


def _cluster_variance(design: SurveyDesign, unit_of: Codes, domain_of: Codes, scores: Floats, domains: int) -> Floats:
    """Scores of the last units × domains, added up stage by stage."""
    last = design.stages[-1]
    variance = np.zeros((domains, scores.shape[1]))
    for stage in design.stages:
        if not (stage.scale > 0).any():
            continue
        up = _parents(_last_unit(last), len(last.stratum), _last_unit(stage))[unit_of]
        cell, found = pd.factorize(up.astype(np.int64) * domains + domain_of)
        totals = _adder(cell.astype(np.int32), len(found))(scores)
        unit, domain = found // domains, found % domains
        group = stage.stratum[unit] * domains + domain
        strata = len(stage.drawn)
        sums = np.zeros((2, strata * domains, scores.shape[1]))
        add = _adder(group.astype(np.int32), strata * domains)
        sums[0], sums[1] = add(totals**2), add(totals)
        table = sums.reshape(2, strata, domains, -1)
        variance += stage.variance_of_sums(table[0], table[1])
    return variance


def _freedom(
    design: SurveyDesign, unit_of: Codes, stratum: Codes, domain_of: Codes, n: Floats, domains: int
) -> tuple[Floats, Floats]:
    """Degrees of freedom and strata touched, by domain and item: only units where somebody was asked count."""
    strata = len(design.stages[0].drawn)
    touched = np.zeros((strata, domains, n.shape[1]))
    np.add.at(touched, (stratum, domain_of), n > 0)
    in_strata = (touched > 0).sum(axis=0).astype(np.float64)
    pooled = design.stages[0].pooled_freedom((touched > 0).reshape(strata, -1)).reshape(in_strata.shape)
    if design.elements:
        return _adder(domain_of, domains)(n) - in_strata + pooled, in_strata
    units = len(design.stages[0].stratum)
    first = _first_unit(design)[unit_of]
    seen = np.zeros((units, domains, n.shape[1]), dtype=bool)
    np.logical_or.at(seen, (first, domain_of), n > 0)
    return seen.sum(axis=0) - in_strata + pooled, in_strata


def read_items(design: SurveyDesign, items: ItemColumns, *, binary: bool) -> Items:
    """Items from a mapping, a list of column names, or one name. Raises DesignError for what is not yes or no."""
    names = [items] if isinstance(items, str) else items
    named = names if isinstance(names, Mapping) else {name: name for name in names}
    if not named:
        raise DesignError("items", "no items were named to estimate")
    read = [_read(str(name), design.values(column), binary=binary) for name, column in named.items()]
    return Items(tuple(str(name) for name in named), tuple(value for value, _ in read), tuple(mask for _, mask in read))


def _read(name: str, array: NDArray[Any], *, binary: bool) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    if array.dtype == np.bool_:
        return array, None
    mask = ~np.isnan(array)
    if binary and not ((array == 0) | (array == 1) | ~mask).all():
        odd = array[~((array == 0) | (array == 1)) & mask][0]
        message = f"item {name!r} holds {odd:g}: a rate is of yes and no (True, False or missing; 1, 0 or missing)"
        raise DesignError("not_binary", message, item=name, value=float(odd))
    if not binary and not np.isfinite(array[mask]).all():
        raise DesignError("infinite", f"item {name!r} holds a number that is not finite", item=name)
    whole = bool(mask.all())
    value = (array == 1) if binary else np.where(mask, array, 0.0)
    return value, None if whole else mask


def read_domains(design: SurveyDesign, by: Columns) -> Domains:
    """The crossings of the columns `by` that occur among the rows of the design; one domain where `by` is None."""
    names = [by] if isinstance(by, str) else list(by or [])
    rows = len(design.data)
    code = np.zeros(rows, np.int64)
    for name in names:
        if name not in design.data.columns:
            raise DesignError("column", f"there is no column {name!r} to estimate by", column=name, role="by")
        part, values = pd.factorize(design.data[name], sort=True)
        code = np.where((part < 0) | (code < 0), -1, code * max(1, len(values)) + part)
    if design.within is not None:
        code = np.where(design.within, code, -1)
    found = np.unique(code[code >= 0]) if names else np.zeros(1, np.int64)
    domain = np.where(code >= 0, np.searchsorted(found, code), -1).astype(np.int32)
    keys = pd.DataFrame(index=range(len(found)))
    first = np.zeros(len(found), np.int64)
    inside = np.flatnonzero(domain >= 0)[::-1]
    first[domain[inside]] = inside
    for name in names:
        keys[name] = design.data[name].to_numpy()[first]
    return Domains(domain, keys)
