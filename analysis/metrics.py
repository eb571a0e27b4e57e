"""口径: the definitions that were locked before fieldwork, computed from answers by the tags of their questions.

Answers are a frame whose columns are tags (sat_overall, aware_type, ...) with the codes as they were given, empty
where a question was not asked. Rates are fractions between 0 and 1; mean scores are points of their scale, 0 to 100
(`points` in the result says which). Denominators: "valid" leaves out what is no answer (98, 99, in awareness 97),
"all" keeps everybody who was asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import yaml

from analysis.averages import averages, population_known
from analysis.design import SurveyDesign
from analysis.errors import MetricError

DENOMINATORS = ("valid", "all")
DOMAINS = ("headline", "all")
Columns = tuple[dict[str, pd.Series], dict[str, pd.Series]]
BY_SHARE = frozenset({"share", "k_of_m", "near", "equal", "bounds"})


@dataclass(frozen=True)
class Metric:
    """One definition. tags: the questions; each: a rate per question. numerator, denominator: codes (None: all valid).

    missing: codes that are no answer. scores: points of a code. domain: what other columns must be. channel: the
    only channel that it is of. unit: 户 or 人, empty where the study says.
    """

    id: str
    name: str
    kind: str
    tags: tuple[str, ...]
    each: bool = False
    numerator: frozenset[int] = frozenset()
    denominator: frozenset[int] | None = None
    missing: frozenset[int] = frozenset()
    scores: Mapping[int, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    apart: str = ""
    k: int = 0
    tolerance: float = 0.0
    domain: Mapping[str, int] = field(default_factory=dict)
    needs: str = ""
    channel: str = ""
    unit: str = ""
    formula: str = ""
    note: str = ""

    @property
    def points(self) -> bool:
        """Whether its value is a score in points, and not a fraction."""
        return self.kind in {"mean", "composite"}

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it cannot do without; a composite can do without the question that is apart."""
        return frozenset({*self.tags, *self.domain} | ({self.needs} if self.needs else set())) - {self.apart}

    def items(self, answers: pd.DataFrame, denominator: str = "valid") -> dict[str, pd.Series]:
        """Its columns by item: 1 and 0 (shares) or points, missing where somebody is not in the denominator."""
        if denominator not in DENOMINATORS:
            raise MetricError("denominator", f"{denominator!r} is neither valid nor all", denominator=denominator)
        lacking = sorted(self.columns - set(answers.columns))
        if lacking:
            message = f"{self.id} ({self.name}) needs a question with the tag {lacking[0]!r}"
            raise MetricError("tag", message, metric=self.id, tags=lacking)
        found = _KINDS[self.kind](self, answers, denominator)
        if not (self.domain or self.needs):
            return found
        inside = self.concerned(answers)
        return {item: column.where(inside) for item, column in found.items()}

    def concerned(self, answers: pd.DataFrame) -> pd.Series:
        """Whether it is a definition for each row: its domain, such as those who are paid monthly."""
        inside = pd.Series(data=True, index=answers.index)
        for column, wanted in self.domain.items():
            inside &= codes(answers[column]) == wanted
        if self.needs:
            inside &= answers[self.needs].notna() & (answers[self.needs] != "")
        return inside

    def valid(self, column: pd.Series) -> pd.Series:
        """Whether each code is a valid answer."""
        if self.denominator is not None:
            return _among(column, self.denominator)
        return column.notna() & ~_among(column, self.missing)


def codes(column: pd.Series) -> pd.Series:
    """Codes as numbers, whether they came as numbers or as text; NaN where not asked."""
    if column.dtype == np.float64:
        return column
    return pd.to_numeric(column, errors="coerce").astype("Float64").astype(float)


def _among(column: pd.Series, wanted: Collection[int]) -> pd.Series:
    """Whether each code is one of these; pandas' own isin takes three times as long for a short column."""
    return pd.Series(np.isin(column.to_numpy(), list(wanted)), index=column.index)


@cache
def load_metrics() -> Mapping[str, Metric]:
    """The definitions that are shipped, by id."""
    raw = yaml.safe_load(resources.files("analysis.catalog").joinpath("metrics.yaml").read_text("utf-8"))
    return {each["id"]: metric_from(each, raw["item_sets"], raw["general"]["missing"]) for each in raw["metrics"]}


def metric_from(
    raw: Mapping[str, Any], item_sets: Mapping[str, Sequence[str]], missing: Sequence[int] = (98, 99)
) -> Metric:
    """A definition from a mapping as in catalog/metrics.yaml. Raises MetricError for what it cannot mean."""
    kind = raw.get("kind", "")
    if kind not in _KINDS:
        message = f"{raw.get('id')}: no kind of metric is called {kind!r}; there are {', '.join(_KINDS)}"
        raise MetricError("kind", message, metric=raw.get("id"), kind=kind)
    tags = item_sets[raw["tags"]] if isinstance(raw["tags"], str) else raw["tags"]
    rest = {key: value for key, value in raw.items() if key in Metric.__dataclass_fields__}
    sets: dict[str, Any] = {
        "tags": tuple(tags),
        "numerator": frozenset(raw.get("numerator", ())),
        "denominator": frozenset(raw["denominator"]) if "denominator" in raw else None,
        "missing": frozenset(raw.get("missing", missing)),
    }
    return Metric(**{**rest, **sets})


def estimate_metrics(
    design: SurveyDesign,
    metrics: Sequence[Metric | str] | None = None,
    *,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    locked: Sequence[str] = (),
    denominators: Sequence[str] = DENOMINATORS,
    domains: Sequence[str] = DOMAINS,
) -> pd.DataFrame:
    """Definitions estimated from a sample: each by denominator and domain (headline, all), and by domains of `by`.

    metrics: None takes every shipped one whose tags are in the data. locked: ids that the study locked, marked in
    the result as the headline's definitions; the others stand beside them. The domain "headline" is estimated where
    the data has a column `headline` of 1 and 0. denominators, domains: those that are wanted.

    A row has metric, item, name, denominator, domain, the columns of `by`, estimate, se, low, high, n, yes,
    missing (asked or not, of the domain, and not in the denominator), population, method, points, unit, locked.
    Raises MetricError where volunteers are in the design, or a tag is missing.
    """
    answers = design.data
    _refuse_volunteers(answers)
    chosen = _chosen(metrics, answers)
    parts = []
    columns = {denominator: _columns(chosen, answers, denominator) for denominator in denominators}
    for domain in domains:
        if domain == "headline" and "headline" not in answers.columns:
            continue
        part = design if domain == "all" else design.where(codes(answers["headline"]) == 1)
        for denominator in denominators:
            parts += [
                table.assign(denominator=denominator, domain=domain)
                for table in _estimated(part, chosen, columns[denominator], by, level)
            ]
    return _arranged(parts, chosen, by, locked)


def volunteer_metrics(answers: pd.DataFrame, metrics: Sequence[Metric | str] = ("QR_TOP2",)) -> pd.DataFrame:
    """The same for volunteers (扫码): shares of who answered, without weights and without intervals."""
    chosen = [load_metrics()[each] if isinstance(each, str) else each for each in metrics]
    channels = {metric.channel for metric in chosen if metric.channel}
    rows = answers[answers["channel"].isin(channels)] if channels and "channel" in answers.columns else answers
    if rows.empty:
        return _arranged([], chosen, None, ())
    design = SurveyDesign(rows, lonely="certainty")
    parts = []
    for denominator in DENOMINATORS:
        items = {
            f"{metric.id}\0{item}": column
            for metric in chosen
            for item, column in metric.items(rows, denominator).items()
        }
        frame = design.rates(items, interval="none").frame.assign(se=np.nan)
        frame["missing"] = len(rows) - frame["n"]
        parts.append(_split_ids(frame).assign(denominator=denominator, domain="all"))
    return _arranged(parts, chosen, None, ())


# --- kinds of definitions: each gives its columns by item


def _share(metric: Metric, answers: pd.DataFrame, denominator: str) -> dict[str, pd.Series]:
    found = {}
    for tag in metric.tags:
        column = codes(answers[tag])
        counted = column.notna() if denominator == "all" else metric.valid(column)
        found[tag] = _among(column, metric.numerator).astype(float).where(counted)
    return found


def _mean(metric: Metric, answers: pd.DataFrame, _denominator: str) -> dict[str, pd.Series]:
    return {tag: codes(answers[tag]).map(metric.scores).astype(float) for tag in metric.tags}


def _composite(metric: Metric, answers: pd.DataFrame, _denominator: str) -> dict[str, pd.Series]:
    """Scores of a person's valid parts, by their weights; who was not asked the part that is apart stands apart."""
    above = pd.Series(0.0, index=answers.index)
    below = pd.Series(0.0, index=answers.index)
    for tag in metric.tags:
        if tag in answers.columns:
            scored = codes(answers[tag]).map(metric.scores).astype(float)
            above += scored.fillna(0) * metric.weights[tag]
            below += scored.notna() * metric.weights[tag]
    value = above / below.where(below > 0)
    if not metric.apart:
        return {metric.id: value}
    asked = (
        answers[metric.apart].notna() if metric.apart in answers.columns else pd.Series(data=False, index=answers.index)
    )
    return {metric.id: value.where(asked), f"without_{metric.apart}": value.where(~asked)}


def _k_of_m(metric: Metric, answers: pd.DataFrame, denominator: str) -> dict[str, pd.Series]:
    right = pd.Series(0, index=answers.index)
    counted = pd.Series(data=True, index=answers.index)
    for tag in metric.tags:
        column = codes(answers[tag])
        counted &= column.notna() if denominator == "all" else metric.valid(column)
        right += _among(column, metric.numerator)
    return {metric.id: (right >= metric.k).astype(float).where(counted)}


def _near(metric: Metric, answers: pd.DataFrame, _denominator: str) -> dict[str, pd.Series]:
    one, other = (codes(answers[tag]) for tag in metric.tags)
    close = ((one - other).abs() <= metric.tolerance).astype(float)
    return {metric.id: close.where(one.notna() & other.notna())}


def _bounds(metric: Metric, answers: pd.DataFrame, _denominator: str) -> dict[str, pd.Series]:
    """What is verified, and what is verified or still open, of everybody who was drawn."""
    state = answers[metric.tags[0]]
    strange = state.notna() & ~state.isin(["verified", "open", "cleared", ""])
    if strange.any():
        value = state[strange].iloc[0]
        message = f"{metric.id}: a clue is verified, open or cleared, not {value!r}"
        raise MetricError("clue", message, metric=metric.id, value=value)
    return {
        f"{metric.tags[0]}_low": (state == "verified").astype(float),
        f"{metric.tags[0]}_high": state.isin(["verified", "open"]).astype(float),
    }


_KINDS = {
    "share": _share,
    "mean": _mean,
    "composite": _composite,
    "average": _share,
    "k_of_m": _k_of_m,
    "near": _near,
    "equal": _near,
    "bounds": _bounds,
}


# --- estimating


def _refuse_volunteers(answers: pd.DataFrame) -> None:
    if "channel" in answers.columns and (answers["channel"] == "qr_place").any():
        message = "answers of the public QR page (qr_place) are in the design: they are volunteers and never pooled"
        raise MetricError("volunteers", message)


def _chosen(metrics: Sequence[Metric | str] | None, answers: pd.DataFrame) -> list[Metric]:
    shipped = load_metrics()
    if metrics is None:
        return [m for m in shipped.values() if not m.channel and m.columns <= set(answers.columns)]
    unknown = [each for each in metrics if isinstance(each, str) and each not in shipped]
    if unknown:
        raise MetricError("metric", f"no metric is called {unknown[0]!r}", metric=unknown[0])
    return [shipped[each] if isinstance(each, str) else each for each in metrics]


def _columns(chosen: Sequence[Metric], answers: pd.DataFrame, denominator: str) -> Columns:
    """The columns of shares, and of points, by metric and item; a score has no other denominator than its own."""
    rates: dict[str, pd.Series] = {}
    points: dict[str, pd.Series] = {}
    for metric in chosen:
        if metric.points and denominator == "all":
            continue
        for item, column in metric.items(answers, denominator).items():
            (points if metric.points else rates)[f"{metric.id}\0{item}"] = column
    return rates, points


def _estimated(
    design: SurveyDesign,
    chosen: Sequence[Metric],
    columns: Columns,
    by: str | Sequence[str] | None,
    level: float,
) -> list[pd.DataFrame]:
    rates, points = columns
    tables = []
    if rates:
        found = design.rates(rates, by=by, level=level)
        frame = _split_ids(found.frame)
        whole = population_known(design)
        means_of_rates = [
            averages(metric.id, found, frame, by, whole=whole) for metric in chosen if metric.kind == "average"
        ]
        tables += [frame[~frame["metric"].isin([m.id for m in chosen if m.kind == "average"])], *means_of_rates]
    if points:
        scored = _split_ids(design.means(points, by=by, level=level).frame).assign(yes=np.nan)
        tables.append(_within_scale(scored, chosen))
    found = [table for table in tables if not table.empty]
    return [_with_missing(pd.concat(found, ignore_index=True), _sizes(design, by), by)] if found else []


def _within_scale(table: pd.DataFrame, chosen: Sequence[Metric]) -> pd.DataFrame:
    """A mean of scores cannot lie outside its scale, whatever t says of three answers: the ends stop there."""
    least = table["metric"].map({metric.id: min(metric.scores.values()) for metric in chosen if metric.points})
    most = table["metric"].map({metric.id: max(metric.scores.values()) for metric in chosen if metric.points})
    return table.assign(low=table["low"].clip(lower=least), high=table["high"].clip(upper=most))


def _split_ids(frame: pd.DataFrame) -> pd.DataFrame:
    """The item of the estimates, metric and item in one, taken apart."""
    both = [item.partition("\0") for item in frame["item"]]
    return frame.assign(metric=[metric for metric, _, _ in both], item=[item for _, _, item in both])


def _sizes(design: SurveyDesign, by: str | Sequence[str] | None) -> pd.DataFrame | int:
    """How many rows each domain has."""
    inside = design.data if design.within is None else design.data[design.within]
    if by is None:
        return len(inside)
    keys = [by] if isinstance(by, str) else list(by)
    return inside.groupby(keys, dropna=False).size().rename("rows").reset_index()


def _with_missing(table: pd.DataFrame, size: pd.DataFrame | int, by: str | Sequence[str] | None) -> pd.DataFrame:
    if isinstance(size, int):
        return table.assign(missing=size - table["n"])
    keys = [by] if isinstance(by, str) else list(by or [])
    joined = table.merge(size, on=keys, how="left")
    return joined.assign(missing=joined["rows"] - joined["n"])


def _arranged(
    parts: list[pd.DataFrame], chosen: Sequence[Metric], by: str | Sequence[str] | None, locked: Sequence[str]
) -> pd.DataFrame:
    keys = [by] if isinstance(by, str) else list(by or [])
    columns = [
        "metric", "item", "name", "denominator", "domain", *keys, "estimate", "se", "low", "high", "n", "yes",
        "missing", "population", "method", "points", "unit", "locked",
    ]  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=columns)
    known = {metric.id: metric for metric in chosen}
    table = pd.concat(parts, ignore_index=True)
    for attribute in ("name", "points", "unit"):
        table[attribute] = [getattr(known[metric], attribute) for metric in table["metric"]]
    table["locked"] = table["metric"].isin(list(locked))
    order = table["metric"].map({metric.id: at for at, metric in enumerate(chosen)})
    return table.assign(order=order).sort_values("order", kind="stable", ignore_index=True)[columns]
