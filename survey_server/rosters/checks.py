"""Rows of a table made sound: each cell normalised, each bad row named with file, sheet, row, column and remedy."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from survey_server.rosters import regions
from survey_server.rosters.categories import MAIN_ORDER, Ambiguous, recognise
from survey_server.rosters.columns import ColumnMap
from survey_server.rosters.identity import MOBILE, examine_ids, mask, read_phones
from survey_server.rosters.layout import Table
from survey_server.rosters.problems import Problem, ProblemLog, Severity

TEXTS = (
    *("household_no", "name", "head_name", "id_number", "head_id_number", "relation", "phone", "county", "town"),
    *("village", "group", "region_code", "address", "area", "category", "card", "status"),
)
NUMBERS = ("persons", "family", "amount", "amount_person", "standard", "standard_year")
PLACES = ("lon", "lat", "position")
FEW = ("relation", "county", "town", "village", "area", "category", "file", "sheet")
"""Columns of few different texts, kept as categories: a city of rows has to fit into memory."""
HEADS = ("本人", "户主", "户主本人", "申请人")

_DIGITS = ("household_no", "id_number", "head_id_number", "phone", "region_code", "card", *NUMBERS, *PLACES)
_KEYS = ("name", "id_number", "county", "category", "household_no")
_FORMULA = re.compile(r"[=@].+|\+\D.*|#(?:REF!|N/A|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)", re.DOTALL)
_GONE = re.compile(r"停发|停保|已停|取消|退出|死亡|去世|注销|终止|不在保|清退|迁出")
_LIMITS = {"persons": (0, 30), "family": (1, 40), "standard": (1, 20_000), "standard_year": (2000, 2100)}
_BOUNDS = {"lon": (73, 136), "lat": (3, 54)}
"""China in degrees (WGS-84), with a little around it: no longitude of it is a latitude of it."""
_DEGREES = re.compile(r"(?:东经|北纬)?(\d{1,3}(?:\.\d+)?)[°度]?[EN]?")
_AREAS = {
    **dict.fromkeys(("城镇", "城市", "城", "非农业", "非农业户口", "非农", "居民", "城镇户口", "城镇居民"), "城镇"),
    **dict.fromkeys(("农村", "乡村", "农", "乡", "农业", "农业户口", "农村居民", "农村户口"), "农村"),
}


@dataclass(frozen=True)
class Rules:
    """What a study decides about its rosters."""

    today: dt.date
    order: tuple[str, ...] = MAIN_ORDER
    area_codes: Mapping[str, str] = field(default_factory=dict)
    """County → area code of its fixed lines."""
    severities: Mapping[str, Severity] = field(default_factory=dict)
    shared_phone: int = 3
    """A telephone at so many households is a cadre's."""
    monthly: Mapping[str, bool] = field(default_factory=dict)
    """Category → paid monthly, where local rules decide."""


def clean(table: Table, mapping: ColumnMap, rules: Rules, log: ProblemLog) -> pd.DataFrame:
    """The rows of a table that may be used, one row per person and list, with normalised values.

    Returns:
        A table with the columns `TEXTS` (text, `""` for blank), `NUMBERS`, `lon` and `lat` (float, NaN for blank),
        `category` as codes joined by commas, `phones` joined by blanks, `file`, `sheet` and `row`.
    """
    cleaner = _Cleaner(table, mapping, rules, log)
    if not {"name", "head_name", "id_number"} & set(mapping.columns.values()):
        log.add(Problem("no_name_column", table.file, table.sheet))
        return cleaner.result().iloc[:0]
    for step in (
        *(cleaner.normalise, cleaner.formulas, cleaner.status, cleaner.names, cleaner.identities),
        *(cleaner.places, cleaner.categories, cleaner.regions, cleaner.strata, cleaner.phones, cleaner.numbers),
        cleaner.coordinates,
    ):
        step()
    return cleaner.result()


class _Cleaner:
    """The columns of one table as arrays, and which rows have to go."""

    def __init__(self, table: Table, mapping: ColumnMap, rules: Rules, log: ProblemLog) -> None:
        self.table, self.rules, self.log = table, rules, log
        self.rows = table.cells.index.to_numpy()
        self.bad = np.zeros(len(self.rows), dtype=bool)
        self.columns: dict[str, list[int]] = {}
        for column, name in mapping.columns.items():
            self.columns.setdefault(name, []).append(column)
        self.values = {name: self._pick(name, mapping.constants) for name in (*TEXTS, *NUMBERS, *PLACES)}
        self.numeric: dict[str, np.ndarray] = {}

    def _pick(self, name: str, constants: Mapping[str, str]) -> np.ndarray:
        columns = self.columns.get(name, [])
        values = np.full(len(self.rows), "", dtype=object)
        for column in columns:
            cells = self.table.cells[column].to_numpy()
            values = np.where(values == "", cells, values) if name != "phone" else _joined(values, cells)
        return np.where(values == "", constants[name], values) if name in constants else values

    def note(
        self,
        code: str,
        name: str,
        where: np.ndarray,
        fields: Callable[[int], Mapping[str, object]] | None = None,
    ) -> None:
        """Write a problem down for each row of `where` (positions), and leave the row out if it is an error."""
        column = self.columns.get(name, [None])[0]
        place = "" if column is None else f"{self.table.letter(column)} {self.table.headers[column]}"
        for i in where:
            value = mask(name, str(self.values[name][i])) if name in self.values else ""
            detail = {"value": value, **(fields(int(i)) if fields else {})}
            row = int(self.rows[i])
            self.log.add(Problem(code, self.table.file, self.table.sheet, row, place, value, detail))
        if self.log.leaves_out(code):
            self.bad[where] = True

    def normalise(self) -> None:
        """Full-width characters made ordinary ones; blanks inside numbers and names taken out."""
        for name in _DIGITS:
            values = self.values[name]
            if self.columns.get(name) and not "".join(values).isascii():
                plain = np.array([unicodedata.normalize("NFKC", value) for value in values], dtype=object)
                changed = np.flatnonzero([not v.isascii() and v != p for v, p in zip(values, plain, strict=True)])
                self.note("full_width", name, changed)
                self.values[name] = plain
        for name in ("id_number", "head_id_number", "household_no", "card"):
            self.values[name] = _each(self.values[name], _compact)
        for name in ("name", "head_name", "county", "town", "village", "relation", "area", "category", "status"):
            self.values[name] = _each(self.values[name], _plain)

    def formulas(self) -> None:
        """Text that is a formula, or its error, is no value."""
        for name in self.columns:
            if name in self.values:
                values = self.values[name]
                odd = [text for text in set(values) if text[:1] in "=@+#" and _FORMULA.fullmatch(text)]
                if odd:
                    where = np.flatnonzero(np.isin(values, odd))
                    self.note("formula_text" if name in _KEYS else "formula_left_out", name, where)
                    self.values[name][where] = ""

    def status(self) -> None:
        """A row whose status says that it ended is no row of this roster."""
        values = self.values["status"]
        header = "".join(self.table.headers[column] for column in self.columns.get("status", ()))
        ended = {"是": "停" in header or "死亡" in header, "否": "在保" in header}
        gone = [text for text in set(values) if text and (ended.get(text, False) or _GONE.search(text))]
        where = np.flatnonzero(np.isin(values, gone)) if gone else np.array([], dtype=int)
        self.note("not_current", "status", where)
        self.bad[where] = True

    def names(self) -> None:
        """The name of the person; in a roster of one row per household the head's."""
        names, heads = self.values["name"], self.values["head_name"]
        if "name" not in self.columns:
            self.values["name"] = names = heads.copy()
            if "id_number" not in self.columns:
                self.values["id_number"] = self.values["head_id_number"].copy()
        self.note("name_missing", "name", np.flatnonzero((names == "") & ~self.bad))
        self._follow_heads()

    def _follow_heads(self) -> None:
        """Members below a head's row, without a number of their own, belong to that head."""
        values = self.values
        if "relation" not in self.columns or not len(self.rows):
            return
        head = np.isin(values["relation"], HEADS)
        last = np.maximum.accumulate(np.where(head, np.arange(len(head)), -1))
        loose = ~head & (last >= 0) & (values["household_no"] == "") & (values["head_id_number"] == "")
        loose &= (values["head_name"] == "") | (values["head_name"] == values["name"][last])
        above = last[loose]
        values["household_no"][loose] = values["household_no"][above]
        values["head_id_number"][loose] = values["id_number"][above]
        values["head_name"][loose] = values["name"][above]
        for name in ("address", "phone"):
            values[name][loose] = np.where(values[name][loose] == "", values[name][above], values[name][loose])

    def identities(self) -> None:
        """ID numbers by GB 11643; a head's number is only used to join rows, so a bad one is merely dropped."""
        if "id_number" in self.columns or "head_id_number" in self.columns:
            findings = examine_ids(self.values["id_number"], self.rules.today)
            for code in sorted(set(findings.code) - {""}):
                where = np.flatnonzero((findings.code == code) & ~self.bad)
                self.note(code, "id_number", where, lambda i: _id_fields(findings.detail[i]))
            self.values["id_number"] = findings.value
            blank = (self.values["id_number"] == "") & ~self.bad
            self.note("id_missing", "id_number", np.flatnonzero(blank))
        heads = examine_ids(self.values["head_id_number"], self.rules.today)
        sound = np.isin(heads.code, ["", "id_15_digits"])
        self.values["head_id_number"] = np.where(sound, heads.value, "")

    def places(self) -> None:
        """城镇 or 农村 in our two words."""
        self.values["area"] = _each(self.values["area"], lambda text: _AREAS.get(text, ""))

    def categories(self) -> None:
        """Categories as codes; each word that occurs is looked up once."""
        words, areas = self.values["category"], self.values["area"]
        pairs = pd.unique(pd.Series(list(zip(words, areas, strict=True)), dtype=object))
        meaning = {pair: recognise(*pair) if pair[0] else () for pair in pairs}
        found = [meaning[pair] for pair in zip(words, areas, strict=True)]
        for code, fits in (
            ("category_unknown", lambda codes: codes is None),
            ("category_ambiguous", lambda codes: isinstance(codes, Ambiguous)),
        ):
            where = np.flatnonzero([fits(codes) for codes in found] & ~self.bad)
            self.note(code, "category", where)
        self.unknown = np.array([codes is None or isinstance(codes, Ambiguous) for codes in found], dtype=bool)
        codes = {pair: ",".join(c) if isinstance(c, tuple) else "" for pair, c in meaning.items()}
        self.values["category"] = _array([codes[pair] for pair in zip(words, areas, strict=True)])
        by_category = {"1": "城镇", "2": "农村"}
        blank = areas == ""
        self.values["area"] = np.where(
            blank, _each(self.values["category"], lambda code: by_category.get(code, "")), areas
        )

    def regions(self) -> None:
        """Region codes; lost digits are restored where they can be known."""
        codes = self.values["region_code"]
        verdict = {code: regions.judge(code) if code else "" for code in set(codes)}
        wrong = [code for code, judgement in verdict.items() if judgement]
        if not wrong:
            return
        places = list(zip(self.values["county"], self.values["town"], self.values["village"], strict=True))
        sound = ((code, place) for code, place in zip(codes, places, strict=True) if code and not verdict[code])
        known = regions.known_codes(set(sound))
        where = np.flatnonzero(np.isin(codes, wrong) & ~self.bad)
        lost = {int(i): regions.repair(codes[i], places[i], known) for i in where if verdict[codes[i]] == "lost"}
        impossible = [i for i in where if int(i) not in lost]
        self.note("region_code_impossible", "region_code", np.array(impossible, dtype=int))
        hopeless = [i for i, code in lost.items() if not code]
        self.note("region_code_lost_digits", "region_code", np.array(hopeless, dtype=int))
        mended = [i for i, code in lost.items() if code]
        self.note("region_code_mended", "region_code", np.array(mended, dtype=int), lambda i: {"repaired": lost[i]})
        for i in where:
            codes[i] = lost.get(int(i), "")

    def strata(self) -> None:
        """Every unit needs county and category; the county's code stands in where its name is missing."""
        county = self.values["county"]
        by_code = _each(self.values["region_code"], lambda code: code[:6])
        self.values["county"] = county = np.where(county == "", by_code, county)
        self.note("county_missing", "county", np.flatnonzero((county == "") & ~self.bad))
        blank = (self.values["category"] == "") & ~self.unknown & ~self.bad
        self.note("category_missing", "category", np.flatnonzero(blank))

    def phones(self) -> None:
        """Telephone numbers, several in a cell; what is none is left out and said."""
        values, county = self.values["phone"], self.values["county"]
        result = values.copy()
        odd = np.flatnonzero([value != "" and MOBILE.fullmatch(value) is None for value in values])
        found: dict[str, list[int]] = {}
        for i in odd:
            numbers, problem = read_phones(values[i], self.rules.area_codes.get(county[i], ""))
            result[i] = " ".join(numbers)
            if problem and not self.bad[i]:
                found.setdefault(problem, []).append(int(i))
        for code, where in sorted(found.items()):
            self.note(
                code,
                "phone",
                np.array(where),
                lambda i: {"area_code": self.rules.area_codes.get(county[i], "")},
            )
        self.values["phone"] = result

    def numbers(self) -> None:
        """Numbers of people and sums of money."""
        for name in NUMBERS:
            texts = self.values[name]
            parsed = {text: _number(text) for text in set(texts)}
            numbers = np.array([parsed[text] for text in texts], dtype=float)
            unread = np.isnan(numbers) & (texts != "") & ~self.bad
            self.note("number_unreadable", name, np.flatnonzero(unread))
            low, high = _LIMITS.get(name, (0, 1_000_000))
            negative = (numbers < 0) & ~self.bad
            self.note("amount_negative", name, np.flatnonzero(negative))
            beyond = ((numbers < low) | (numbers > high)) & ~negative & ~self.bad
            self.note("number_impossible", name, np.flatnonzero(beyond))
            self.numeric[name] = np.where((numbers < low) | (numbers > high), np.nan, numbers)

    def coordinates(self) -> None:
        """Longitude and latitude in decimal degrees, both or neither; a column of both is taken apart."""
        lon, lat, both = (self.values[name] for name in PLACES)
        pairs = {text: _pair(*re.split(r"[,;/、\s]+", text.strip("() "), maxsplit=1)) for text in set(both) if text}
        for i in np.flatnonzero((both != "") & (lon == "") & (lat == "")):
            lon[i], lat[i] = pairs[both[i]]
        east, north = _degrees(lon, *_BOUNDS["lon"]), _degrees(lat, *_BOUNDS["lat"])
        for name, degrees in (("lon", east), ("lat", north)):
            given = (self.values[name] != "") if name in self.columns else np.zeros(len(both), dtype=bool)
            self.note("coordinate_impossible", name, np.flatnonzero(given & np.isnan(degrees) & ~self.bad))
        here = ~np.isnan(east) & ~np.isnan(north)
        self.note("coordinate_impossible", "position", np.flatnonzero((both != "") & ~here & ~self.bad))
        self.numeric |= {"lon": np.where(here, east, np.nan), "lat": np.where(here, north, np.nan)}

    def result(self) -> pd.DataFrame:
        """The rows that stay."""
        keep = ~self.bad
        data: dict[str, Any] = {name: self.values[name][keep] for name in TEXTS}
        data["card"] = _each(self.values["card"][keep], lambda text: text[-4:] if text[-4:].isdigit() else "")
        for name in (*NUMBERS, *_BOUNDS):
            data[name] = self.numeric.get(name, np.full(len(self.rows), np.nan))[keep].astype(float)
        data["file"] = np.full(keep.sum(), self.table.file, dtype=object)
        data["sheet"] = np.full(keep.sum(), self.table.sheet, dtype=object)
        data["row"] = self.rows[keep].astype(np.int32)
        for name in ("group", "region_code", "status"):
            del data[name]
        for name in FEW:
            data[name] = pd.Categorical(data[name])
        return pd.DataFrame(data, copy=False)


def _id_fields(detail: object) -> dict[str, object]:
    return {"length": detail, "date": detail, "expected": detail}


def _compact(text: str) -> str:
    return (text if text.isalnum() else re.sub(r"[\s\-]", "", text)).upper()


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _each(values: np.ndarray, change: Callable[[str], str]) -> np.ndarray:
    """Apply `change` once to every text that occurs; equal results share one object."""
    changed = {text: change(text) for text in set(values)}
    return _array([changed[text] for text in values])


def _array(values: list[str]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return _array([f"{a}/{b}" if a and b else a or b for a, b in zip(first, second, strict=True)])


def _pair(first: str, second: str = "") -> tuple[str, str]:
    """Longitude and latitude, in whichever order they were written."""
    swapped = not np.isnan(_degrees(_array([first]), *_BOUNDS["lat"])[0])
    return (second, first) if swapped else (first, second)


def _degrees(texts: np.ndarray, low: float, high: float) -> np.ndarray:
    """Decimal degrees; NaN where they are none, or out of bounds."""
    read = {text: _DEGREES.fullmatch(re.sub(r"\s", "", text)) for text in set(texts)}
    numbers = np.array([float(found[1]) if (found := read[text]) else np.nan for text in texts], dtype=float)
    return np.where((numbers >= low) & (numbers <= high), numbers.round(5), np.nan)


def _number(text: str) -> float:
    plain = re.sub(r"[,，\s]|元(?:/月|/人)?$|人$|口$|年$|年度$", "", text)
    try:
        return float(plain) if plain else float("nan")
    except ValueError:
        return float("nan")
