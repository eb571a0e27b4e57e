"""Plain sentences for estimates, as a report uses them, in Chinese (ZH) and English (EN).

Rates are printed in per cent with two decimals, half up, at this last step. A sentence says the figure, its interval,
how many answered, how the interval was made and why, and what limits it; it never says more than the row does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.languages import EN, ZH, Language
from analysis.response import ResponseRates
from analysis.rounding import decimals_supported, half_up, percent, percent_text

__all__ = ["EN", "METHODS", "ZH", "Language", "difference_sentence", "mean_sentence", "response_sentence", "sentence"]

METHODS = ZH.methods
"""How each interval was made and why, in Chinese, by the `method` of an estimate."""

Row = Mapping[str, Any] | pd.Series


def sentence(
    name: str,
    row: Row,
    *,
    level: float = 0.95,
    unit: str = "",
    details: Mapping[str, str] | None = None,
    language: Language = ZH,
) -> str:
    """One sentence for a row of rates: rate, interval, how many answered, how the interval was made and why.

    name: what the rate is called, such as 青河县满意率. unit: 人 or 户 (people or households), as the rate counts.
    details: what else stands beside a rate (口径, 渠道, 未作答数), by its name. Where the row has a column
    `reliability` (analysis.reliability), its reservation is added.
    """
    n, unit = int(row["n"]), unit or language.person
    if n == 0 or pd.isna(row["estimate"]):
        return language.nobody.format(name=name)
    yes = row["yes"]  # an average of several rates has none
    counted = language.answered if pd.isna(yes) else language.counted
    answers = counted.format(n=n, unit=unit, yes=0 if pd.isna(yes) else int(yes))
    facts = [answers, *_details(details, language), _method(row, language)]
    text = language.rate.format(name=name, rate=percent_text(float(row["estimate"])))
    if row["method"] not in {"census", "none"}:
        ends = [percent_text(float(row[end])) for end in ("low", "high")]
        text += language.interval.format(level=percent_text(level, 0), low=ends[0], high=ends[1])
    text += language.aside.format(facts=language.between.join(facts))
    if not decimals_supported(n):
        text += language.one_person.format(step=half_up(100 / n))
    return text + _reservation(row, language)


def mean_sentence(
    name: str,
    row: Row,
    *,
    level: float = 0.95,
    measure: str = "",
    unit: str = "",
    digits: int = 2,
    times: float = 1.0,
    details: Mapping[str, str] | None = None,
    language: Language = ZH,
) -> str:
    """The same for means, totals, ratios and quantiles: figures in a measure such as 分, 元 or 户.

    digits: decimals, 0 for totals of people. times: what the figures are multiplied by, 100 for a net promoter score.
    """
    n, unit = int(row["n"]), unit or language.person
    if n == 0 or pd.isna(row["estimate"]):
        return language.nobody.format(name=name)

    def figure(value: float) -> str:
        return f"{half_up(float(value) * times, digits)}{measure}"

    method = str(row.get("method", "woodruff"))
    facts = [
        language.answered.format(n=n, unit=unit),
        *_details(details, language),
        _method({"method": method}, language),
    ]
    text = language.rate.format(name=name, rate=figure(row["estimate"]))
    if method not in {"census", "none"} and not pd.isna(row["low"]):
        low, high = figure(row["low"]), figure(row["high"])
        text += language.interval.format(level=percent_text(level, 0), low=low, high=high)
    return text + language.aside.format(facts=language.between.join(facts))


def difference_sentence(
    one: str, other: str, row: Row, *, level: float = 0.95, significance: float = 0.05, language: Language = ZH
) -> str:
    """One sentence for a difference of two rates, a row of pairwise, mode_effects or changes: one less other.

    Where the adjusted p-value is not below `significance` the sentence says that no difference is shown, and does not
    call either the better.
    """
    gap, p = float(row["estimate"]), float(row["p_adjusted"])
    low, high = (percent(float(row[end])) for end in ("low", "high"))
    doubt = language.doubt.format(level=percent_text(level, 0), low=low, high=high, p=_p_text(p))
    sure = float(row["se"]) == 0
    pattern = language.higher if gap > 0 else language.lower
    if not p < significance:
        pattern = language.no_difference
    return pattern.format(one=one, other=other, gap=percent(abs(gap)), doubt=language.certain if sure else doubt)


def response_sentence(name: str, rates: ResponseRates, rate: str = "RR1", *, language: Language = ZH) -> str:
    """One sentence for an outcome rate: the rate, its AAPOR name, the cases below the line and where e is from.

    Only the rates that use e (RR3, RR4, REF2, CON2) speak of it.
    """
    value = rates[rate]
    if value is None:
        return language.no_cases.format(name=name)
    counts = {key: f"{count:g}" for key, count in rates.counts.items()}
    text = language.response.format(name=name, rate=percent_text(value), aapor=rate, **counts)
    if rate in {"RR3", "RR4", "REF2", "CON2"}:
        text += language.eligible[rates.e_source].format(e=percent_text(rates.e))
    return text + language.stop


def _details(details: Mapping[str, str] | None, language: Language) -> list[str]:
    return [language.detail.format(name=name, value=value) for name, value in (details or {}).items()]


def _method(row: Row, language: Language) -> str:
    return language.methods.get(str(row["method"]), str(row["method"]))


def _reservation(row: Row, language: Language) -> str:
    return language.reservations.get(str(row.get("reliability", "")), "")


def _p_text(p: float) -> str:
    return "p<0.001" if p < 0.001 else f"p={half_up(p, 3)}"
