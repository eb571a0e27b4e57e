"""AAPOR outcome rates: response, cooperation, refusal and contact, from the outcomes of cases.

With I complete, P partial, R refusal, NC non-contact, O other, U of unknown eligibility, and e the share of U that
is eligible (AAPOR Standard Definitions, 10th ed. 2023, chapter on rates): D = I+P+R+NC+O+U, De the same with eU,
D0 without U. RR1 = I/D, RR3 = I/De, RR5 = I/D0; even numbers count P too. COOP1 = I/(I+P+R+O), COOP3 without O.
REF = R, CON = I+P+R+O over D, De and D0. Not attempted and wrong numbers are U: they never leave D.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import AnalysisError
from analysis.outcomes import load_outcomes

CLASSES = ("complete", "partial", "refusal", "noncontact", "other", "unknown", "deceased", "ineligible")
RATES = (
    "RR1", "RR2", "RR3", "RR4", "RR5", "RR6", "COOP1", "COOP2", "COOP3", "COOP4",
    "REF1", "REF2", "REF3", "CON1", "CON2", "CON3",
)  # fmt: skip

Deceased = Literal["apart", "other", "ineligible"]
Source = Literal["given", "estimated", "assumed"]


@dataclass(frozen=True)
class ResponseRates:
    """Outcome rates as fractions by their AAPOR names (None where nobody stands below the line).

    counts: cases by class, or their weights. e: eligible share of those of unknown eligibility, and whether it was
    "given", "estimated" from the cases whose eligibility is known, or "assumed" to be 1 because there are none.
    """

    counts: Mapping[str, float]
    rates: Mapping[str, float | None]
    e: float
    e_source: Source

    def __getitem__(self, name: str) -> float | None:
        return self.rates[name]

    @property
    def frame(self) -> pd.DataFrame:
        """A row per rate: name and fraction (NaN where there is none)."""
        return pd.DataFrame({"rate": list(self.rates), "value": pd.array(list(self.rates.values()), dtype="Float64")})


def aapor_rates(
    outcomes: Iterable[str] | Mapping[str, float],
    *,
    weights: Iterable[float] | None = None,
    e: float | None = None,
    deceased: Deceased = "apart",
) -> ResponseRates:
    """Rates of one channel's cases, from the final outcome of each, or from counts of outcomes.

    outcomes: codes of outcomes.csv such as F1, or classes such as "complete". weights: design weights of the cases,
    where they were drawn with unequal probabilities; None counts cases. e: a fraction; None estimates it as
    eligible / (eligible + ineligible), weighted too. deceased: whole households that died are kept "apart" (单列), or
    counted as "other" or as "ineligible". Raises AnalysisError for an outcome that is not in the list, or a weight
    that is missing.
    """
    counts = _by_class(outcomes if weights is None else _weighted(outcomes, weights))
    dead = counts["deceased"] if deceased == "other" else 0
    gone = counts["ineligible"] + (counts["deceased"] if deceased == "ineligible" else 0)
    complete, partial, refusal = counts["complete"], counts["partial"], counts["refusal"]
    other, unknown = counts["other"] + dead, counts["unknown"]
    spoken = complete + partial + refusal + other
    eligible = spoken + counts["noncontact"]
    share, source = _eligible_share(e, eligible, gone)
    below = (eligible + unknown, eligible + share * unknown, eligible)
    values: dict[str, float | None] = {}
    for k, base in enumerate(below):
        values[f"RR{2 * k + 1}"] = _ratio(complete, base)
        values[f"RR{2 * k + 2}"] = _ratio(complete + partial, base)
        values[f"REF{k + 1}"] = _ratio(refusal, base)
        values[f"CON{k + 1}"] = _ratio(spoken, base)
    for k, base in enumerate((spoken, spoken - other)):
        values[f"COOP{2 * k + 1}"] = _ratio(complete, base)
        values[f"COOP{2 * k + 2}"] = _ratio(complete + partial, base)
    return ResponseRates(counts, {name: values[name] for name in RATES}, share, source)


def response_table(
    cases: pd.DataFrame,
    by: str | Sequence[str] = (),
    *,
    outcome: str = "outcome",
    weight: str | None = None,
    e: Mapping[object, float] | None = None,
    deceased: Deceased = "apart",
) -> pd.DataFrame:
    """A row per crossing of `by`, such as channel or county and channel, each with its own eligibility.

    cases: a row per case with its final outcome. "channel" in `by`, where the cases have no such column, is the channel
    that outcomes.csv has for the outcome's code: 入户 (F), 电话 (T), 自填或代填 (S). e: maps the
    value of a single column of `by`, or a tuple of several, to a given e; others are estimated from their own cases.
    Columns: those of `by`, cases, the classes, e, e_source, and the rates (NaN where nobody stands below the line).
    """
    names = [by] if isinstance(by, str) else list(by)
    table = _with_channel(cases, outcome) if "channel" in names and "channel" not in cases.columns else cases
    lacking = [name for name in (*names, outcome, weight) if name is not None and name not in table.columns]
    if lacking:
        raise AnalysisError("column", f"there is no column {lacking[0]!r} among the cases", column=lacking[0])
    given = dict(e or {})
    rows = []
    for key, part in table.groupby(names, sort=True, dropna=False) if names else [((), table)]:
        values = key if isinstance(key, tuple) else (key,)
        own = given.pop(values[0] if len(values) == 1 else values, None)
        weights = None if weight is None else part[weight]
        found = aapor_rates(part[outcome], weights=weights, e=own, deceased=deceased)
        facts = dict(zip(names, values, strict=True)) | {"cases": len(part)}
        rows.append({**facts, **found.counts, "e": found.e, "e_source": found.e_source, **found.rates})
    if given:
        raise AnalysisError("e", f"e is given for {next(iter(given))!r}, of which there are no cases")
    columns = [*names, "cases", *CLASSES, "e", "e_source", *RATES]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(RATES, float))


def _with_channel(cases: pd.DataFrame, outcome: str) -> pd.DataFrame:
    known = load_outcomes()
    codes = cases[outcome].map(lambda code: known[code].channel if code in known else None)
    if codes.isna().any():
        row = cases.index[int(np.argmax(codes.isna().to_numpy()))]
        message = (
            f"case {row!r}: the outcome {cases[outcome][row]!r} tells no channel; give the cases a column 'channel'"
        )
        raise AnalysisError("channel", message, row=row)
    return cases.assign(channel=codes)


def _weighted(outcomes: Iterable[str] | Mapping[str, float], weights: Iterable[float]) -> dict[str, float]:
    if isinstance(outcomes, Mapping):
        raise AnalysisError("weights", "counts of outcomes have no weights: hand in the outcome of every case")
    totals: dict[str, float] = {}
    for place, (outcome, weight) in enumerate(zip(outcomes, weights, strict=True)):
        if not weight > 0 or math.isinf(weight):
            raise AnalysisError("weight", f"case number {place} has the weight {weight}, not above 0", row=place)
        totals[outcome] = totals.get(outcome, 0.0) + weight
    return totals


def _by_class(outcomes: Iterable[str] | Mapping[str, float]) -> dict[str, float]:
    given = outcomes if isinstance(outcomes, Mapping) else Counter(outcomes)
    known = load_outcomes()
    counts: dict[str, float] = dict.fromkeys(CLASSES, 0)
    for outcome, count in given.items():
        name = known[outcome].outcome_class if outcome in known else outcome
        if name not in counts:
            message = f"{outcome!r} is neither an outcome code nor a class of outcomes.csv"
            raise AnalysisError("outcome", message, outcome=outcome)
        if count < 0:
            raise AnalysisError("count", f"{count} cases of {outcome!r} are impossible", outcome=outcome)
        counts[name] += count
    return counts


def _eligible_share(e: float | None, eligible: float, ineligible: float) -> tuple[float, Source]:
    if e is None:
        known = eligible + ineligible
        return (eligible / known, "estimated") if known > 0 else (1.0, "assumed")
    if not 0 <= e <= 1:
        raise AnalysisError("e", f"e = {e} is not a fraction between 0 and 1", e=e)
    return e, "given"


def _ratio(above: float, below: float) -> float | None:
    return above / below if below > 0 else None
