"""The one pass over data in memory: weighted sums of all items in all domains together, by cell.

Every sum is plain, so that shards can be added. Numbers are taken about a pilot mean, so that nothing cancels. What
a cell is, and how estimates and variances follow from the sums, stands in cells.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.cells import Adder, Asked, Bases, Layout, Moments, Sums, crossings, joined, numbered
from analysis.errors import DesignError
from analysis.stages import Codes, Floats

if TYPE_CHECKING:
    from analysis.design import SurveyDesign

Columns = str | Sequence[str] | None
ItemColumns = Mapping[str, ArrayLike | str] | Sequence[str] | str

BLOCK = 1 << 21  # numbers in a table of items × cells that is worked on at once
_ROWS = 1 << 18  # rows of which a column fits the processor's cache


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


def moments(
    design: SurveyDesign,
    items: Items,
    domains: Domains,
    pilots: Floats,
    finish: Callable[[Layout, Sums, Floats], Moments] = Layout.moments,
) -> Moments:
    """Means of items about their pilots with variances, in one pass; calibrated designs have theirs from scores.

    finish: Layout.moments for means, Layout.totals for totals.
    """
    reading = _Reading(design, domains)
    together: dict[int, list[int]] = {}
    for item, mask in enumerate(items.masks):
        together.setdefault(id(mask), []).append(item)
    step = max(1, BLOCK // max(1, len(reading.layout.domain)))
    parts = []
    for group in together.values():
        asked = reading.asked(items.masks[group[0]])
        for start in range(0, len(group), step):
            block = group[start : start + step]
            parts.append(finish(reading.layout, reading.sums(asked, items, block, pilots), pilots[block]))
    return joined(parts, np.argsort(np.concatenate(list(together.values()))))


class _Part:
    """Some rows inside of the domains, few enough for the processor's cache, and how they add up."""

    def __init__(self, rows: slice | NDArray[np.intp], weights: Floats, cell: Codes, domain: Codes, to: Layout) -> None:
        self._rows, self._weights = rows, weights
        self._people = Adder(cell, len(to.domain))
        self._weighted = Adder(cell, len(to.domain), weights)
        self._by_domain = Adder(domain, to.domains)

    def add_asked(self, asked: Asked, mask: NDArray[np.bool_] | None) -> None:
        """Add who was asked."""
        ones = np.ones(len(self._weights)) if mask is None else mask[self._rows].astype(np.float64)
        weights = ones * self._weights
        asked.w[:] += self._weighted(ones)
        asked.n[:] += self._by_domain(ones)
        asked.w2[:] += self._by_domain(weights * self._weights)
        if asked.cell_n is not None and asked.cell_w2 is not None:
            asked.cell_n[:] += self._people(ones)
            asked.cell_w2[:] += self._weighted(weights)

    def add(self, sums: Sums, at: int, numbers: NDArray[Any], mask: NDArray[np.bool_] | None, pilot: float) -> None:
        """Add an item, the one in place `at`, about its pilot."""
        column = numbers[self._rows].astype(np.float64)
        if pilot != 0:
            column -= pilot
            column *= 1 if mask is None else mask[self._rows]
        sums.y[at] += self._by_domain(column)
        sums.wy[at] += self._weighted(column)
        if sums.w2y is None and sums.wyy is None:
            return
        weighted = column * self._weights
        if sums.wyy is not None:
            sums.wyy[at] += self._by_domain(weighted * column)
        if sums.w2y is not None:
            sums.w2y[at] += self._weighted(weighted)
        if sums.w2yy is not None:
            sums.w2yy[at] += self._weighted(weighted * column)


class _Reading:
    """The rows of a design, ready to be added up by cell."""

    def __init__(self, design: SurveyDesign, domains: Domains) -> None:
        base = Bases.of(design.stages)
        inside = domains.code >= 0
        kept = slice(None) if inside.all() else np.flatnonzero(inside)
        domain, weights = domains.code[kept], design.weights[kept]
        cell, cell_base, cell_domain = crossings(base.row[kept], domain, max(1, len(domains)))
        self.layout = Layout(design.stages, base, cell_base, cell_domain, len(domains))
        step = max(_ROWS, 2 * len(cell_domain))
        self._parts = []
        for start in range(0, len(cell), step):
            part = slice(start, min(start + step, len(cell)))
            rows = part if isinstance(kept, slice) else kept[part]
            self._parts.append(_Part(rows, weights[part], cell[part], domain[part], self.layout))

    def asked(self, mask: NDArray[np.bool_] | None) -> Asked:
        """Who was asked."""
        cells, domains = len(self.layout.domain), self.layout.domains
        own = tuple(np.zeros((2, cells))) if self.layout.people_drawn else ()
        found = Asked(np.zeros(cells), *np.zeros((2, domains)), *own)
        for part in self._parts:
            part.add_asked(found, mask)
        return found

    def sums(self, asked: Asked, items: Items, block: Sequence[int], pilots: Floats) -> Sums:
        """Of items that share a mask."""
        numbers = [items.numbers[item] for item in block]
        binary = all(value.dtype == np.bool_ for value in numbers) and not pilots[block].any()
        found = self.layout.no_sums(asked, len(block), binary=binary)
        for part in self._parts:
            for at, (value, pilot) in enumerate(zip(numbers, pilots[block], strict=True)):
                part.add(found, at, value, items.masks[block[0]], float(pilot))
        return found


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
    return domains_of(design.data, by, design.within)


def domains_of(data: pd.DataFrame, by: Columns, within: NDArray[np.bool_] | None) -> Domains:
    """The crossings of columns that occur among the rows of `data`, or among those of them that are `within`."""
    names = [by] if isinstance(by, str) else list(by or [])
    code = np.zeros(len(data), np.int64)
    outside = np.zeros(len(code), dtype=bool) if within is None else ~within
    labels = []
    for name in names:
        if name not in data.columns:
            raise DesignError("column", f"there is no column {name!r} to estimate by", column=name, role="by")
        part, values = pd.factorize(data[name], sort=True)
        code *= max(1, len(values))
        code += part
        outside |= part < 0
        labels.append(np.asarray(values))
    whole = not outside.any()
    if not names:
        return Domains(np.where(outside, -1, 0).astype(np.int32), pd.DataFrame(index=range(1)))
    number, found = numbered(code if whole else code[~outside])
    order = np.argsort(found)
    ranked = np.argsort(order).astype(np.int32)[number]
    domain = ranked
    if not whole:
        domain = np.full(len(code), -1, np.int32)
        domain[~outside] = ranked
    return Domains(domain, _keys(names, labels, found[order]))


def _keys(names: list[str], labels: list[NDArray[Any]], code: NDArray[np.int64]) -> pd.DataFrame:
    """The value of each column in each domain, from the domains' codes."""
    keys: dict[str, NDArray[Any]] = {}
    for name, values in zip(reversed(names), reversed(labels), strict=True):
        keys[name] = values[code % max(1, len(values))]
        code = code // max(1, len(values))
    return pd.DataFrame({name: keys[name] for name in names}, index=range(len(code)))
