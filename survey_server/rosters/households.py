"""What is known of each unit, gathered from the rows that were merged into it; and its name, the unit_id."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from survey_server.rosters.categories import all_categories, rank
from survey_server.rosters.checks import HEADS, Rules
from survey_server.rosters.duplicates import list_name
from survey_server.rosters.identity import birth_dates

LONG_NUMBER = 8
"""A household number of so many characters is taken to be the same household on every list."""
OWN_NUMBER = re.compile(r"[A-Z0-9]{10,32}")
"""A household number of the roster that may serve as unit_id, unless it holds a personal number."""
_PERSONAL = re.compile(r"\d{6}(?:18|19|20)?\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}|(?<!\d)1[3-9]\d{9}(?!\d)")
_COMPOUND = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "司徒",
    "令狐",
    "宇文",
    "长孙",
    "夏侯",
)


Pseudonym = Callable[[str], str]
"""A keyed hash: text → a short opaque name, always the same for the same text."""


def bits_of(categories: np.ndarray) -> np.ndarray:
    """Each row's lists as bits: bit n is category code n."""
    bits = {text: sum(1 << int(code) for code in text.split(",") if code) for text in set(categories)}
    return np.array([bits[text] for text in categories], dtype=np.int64)


def gather(groups: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """The union of the bits of each group."""
    union = np.zeros(int(groups.max(initial=-1)) + 1, dtype=np.int64)
    np.bitwise_or.at(union, groups, masks)
    return union


def best(masks: np.ndarray, ranks: dict[str, int]) -> np.ndarray:
    """The place in the order of the first category of each set of bits."""
    known = {int(bits): min(ranks[code] for code in codes_of(int(bits))) for bits in np.unique(masks)}
    return np.array([known[int(bits)] for bits in masks], dtype=np.int64)


def codes_of(bits: int) -> list[str]:
    """The codes of a set of bits, in the order of the code list."""
    return [str(number) for number in range(bits.bit_length()) if bits >> number & 1]


class UnitFacts:
    """Facts of units gathered from their rows: rows in the order unit, main list first, head first."""

    def __init__(
        self, persons: pd.DataFrame, unit: np.ndarray, person: np.ndarray, masks: np.ndarray, rules: Rules
    ) -> None:
        self.rules, self.ranks = rules, rank(rules.order)
        self.count = int(unit.max(initial=-1)) + 1
        self.bits = gather(unit, masks)
        self.order = sorted(self.ranks, key=lambda code: self.ranks[code])
        self.main = best(self.bits, self.ranks)
        on_main = masks & np.array([1 << int(code) for code in self.order], dtype=np.int64)[self.main[unit]] != 0
        head = persons["relation"].isin(HEADS) | (persons["name"] == persons["head_name"])
        sort = np.lexsort((np.arange(len(unit)), ~on_main, ~head.to_numpy(), unit))
        self.unit, self.person, self.on_main = unit[sort], person[sort], on_main[sort]
        self.persons, self.sort = persons, sort
        self.first = np.unique(self.unit, return_index=True)[1]

    def text(self, name: str) -> np.ndarray:
        """A column in sorted order."""
        return self.persons[name].to_numpy()[self.sort]

    def filled(self, name: str) -> np.ndarray:
        """Of each unit, the first text that is not blank."""
        values = self.text(name)
        return self._first_where(values, values != "", "")

    def number(self, name: str) -> np.ndarray:
        """Of each unit, the first number of its main list, else the first at all."""
        values = self.text(name).astype(float)
        given = ~np.isnan(values)
        best = self._first_where(values, given & self.on_main, np.nan).astype(float)
        return np.where(np.isnan(best), self._first_where(values, given, np.nan).astype(float), best)

    def _first_where(self, values: np.ndarray, where: np.ndarray, blank: object) -> np.ndarray:
        result = np.full(self.count, blank, dtype=object)
        units, first = np.unique(self.unit[where], return_index=True)
        result[units] = values[where][first]
        return result

    def table(self) -> pd.DataFrame:
        """One row per unit."""
        categories = [all_categories()[code] for code in self.order]
        names = np.array([category.name for category in categories], dtype=object)
        units = np.array([category.unit for category in categories], dtype=object)
        monthly = {c.code: self.rules.monthly.get(c.code, c.monthly) for c in categories}
        unit, name, id_number = units[self.main], *self._who(units[self.main])
        sets = {bits: ",".join(codes_of(bits)) for bits in map(int, np.unique(self.bits))}
        table = {
            "unit": unit,
            **{field: self.filled(field) for field in ("county", "town", "village", "area")},
            "category": np.array(self.order, dtype=object)[self.main],
            "category_name": names[self.main],
            "categories": np.array([sets[int(bits)] for bits in self.bits], dtype=object),
            **self._people(unit),
            "monthly": np.array([monthly[code] for code in self.order], dtype=object)[self.main],
            "amount": self._amount(),
            **{field: self.number(field) for field in ("standard", "standard_year", "lon", "lat")},
            "name": name,
            "surname": _surnames(name),
            "id_number": id_number,
            "born": birth_dates(id_number, self.rules.today),
            "phones": self._phones(),
            **{field: self.filled(field) for field in ("address", "card", "household_no", "head_id_number")},
        }
        return pd.DataFrame(table)

    def _who(self, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Name and ID number: the person's, or the head's even where the head is on no list."""
        name, number = self.text("name")[self.first], self.text("id_number")[self.first]
        head, head_id = self.text("head_name")[self.first], self.text("head_id_number")[self.first]
        absent = (unit == "户") & (head != "") & (head != name)
        return np.where(absent, head, name), np.where(absent, head_id, number)

    def _people(self, unit: np.ndarray) -> dict[str, np.ndarray]:
        """保障人口 as stated, else counted on the main list; 家庭人口 as stated."""
        pairs = np.unique(self.unit[self.on_main] * (int(self.person.max(initial=0)) + 1) + self.person[self.on_main])
        counted = np.bincount(pairs // (int(self.person.max(initial=0)) + 1), minlength=self.count)
        stated = np.where(unit == "人", np.nan, self.number("persons"))
        return {
            "persons": np.where(np.isnan(stated), counted, stated).astype(np.int32),
            "counted": counted.astype(np.int32),
            "family": self.number("family"),
        }

    def _amount(self) -> np.ndarray:
        """What the unit is paid in a month: over its monthly lists, each household sum once and each person's sum.

        A household sum that stands on several rows of a list is one sum if the figures agree, else they are parts.
        """
        categories = self.text("category")
        one_off = {c: all(all_categories()[code].one_off for code in c.split(",")) for c in set(categories)}
        monthly = ~np.array([one_off[c] for c in categories], dtype=bool)
        once, each = self.text("amount").astype(float), self.text("amount_person").astype(float)
        lists, names = pd.factorize(categories)
        stated = monthly & ~np.isnan(once)
        of_unit, sums = _once(self.unit[stated] * len(names) + lists[stated], once[stated])
        units = of_unit // len(names)
        single = monthly & ~np.isnan(each)
        total = np.bincount(units, sums, self.count) + np.bincount(self.unit[single], each[single], self.count)
        known = np.bincount(units, minlength=self.count) + np.bincount(self.unit[single], minlength=self.count)
        return np.where(known > 0, total, np.nan)

    def _phones(self) -> np.ndarray:
        """Up to three numbers of the unit, the head's first."""
        cells = self.text("phone")
        filled = np.flatnonzero(cells != "")
        label, texts = pd.factorize(cells[filled])
        pairs, first = np.unique(self.unit[filled] * max(len(texts), 1) + label, return_index=True)
        unit = pairs // max(len(texts), 1)
        result = np.full(self.count, "", dtype=object)
        result[unit] = cells[filled[first]]
        several = np.flatnonzero(np.bincount(unit, minlength=self.count)[unit] > 1)
        found: dict[int, list[str]] = {}
        for k in several[np.lexsort((first[several], unit[several]))]:
            numbers = found.setdefault(int(unit[k]), [])
            numbers += [number for number in str(cells[filled[first[k]]]).split(" ") if number not in numbers]
        for position, numbers in found.items():
            result[position] = " ".join(numbers[:3])
        return result


def _once(keys: np.ndarray, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per key one sum: the figure on which all rows agree, else the sum of the rows."""
    order = np.argsort(keys, kind="stable")
    found, start = np.unique(keys[order], return_index=True)
    if not len(found):
        return found, sums
    low, high = np.minimum.reduceat(sums[order], start), np.maximum.reduceat(sums[order], start)
    return found, np.where(low == high, high, np.add.reduceat(sums[order], start))


def _surnames(names: np.ndarray) -> np.ndarray:
    return np.array([name[:2] if name[:2] in _COMPOUND else name[:1] for name in names], dtype=object)


def unit_ids(households: pd.DataFrame, pseudonym: Pseudonym) -> list[str]:
    """The roster's own household number where it is long and not personal, else a keyed hash of what identifies it."""
    columns = ("unit", "county", "town", "village", "category", "household_no", "id_number", "head_id_number", "name")
    number = households["household_no"].to_numpy()
    repeated = pd.Series(number).duplicated(keep=False).to_numpy()
    ids = []
    for i, row in enumerate(zip(*(households[name].tolist() for name in (*columns, "address")), strict=True)):
        if row[0] == "户" and not repeated[i] and OWN_NUMBER.fullmatch(number[i]) and not _PERSONAL.search(number[i]):
            ids.append(number[i])
            continue
        ids.append(pseudonym(_basis(*row)))
    # Two units that nothing tells apart (one name at one address, no number) are numbered in their order.
    seen: dict[str, int] = {}
    for i in np.flatnonzero(pd.Series(ids).duplicated()):
        seen[ids[i]] = nth = seen.get(ids[i], 0) + 1
        ids[i] = pseudonym(f"{ids[i]}#{nth}")
    return ids


def _basis(
    unit: str,
    county: str,
    town: str,
    village: str,
    category: str,
    number: str,
    person: str,
    head: str,
    name: str,
    address: str,
) -> str:
    """What stays the same of a unit from one import to the next."""
    if unit == "户" and number:
        scope = "" if len(number) >= LONG_NUMBER else list_name(category)
        return f"household|{county}|{town}|{scope}|{number}"
    if person or head:
        return f"{unit}|{person or head}"
    return f"{unit}|{county}|{town}|{village}|{name}|{address}"
