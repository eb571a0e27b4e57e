"""AAPOR outcome rates: response, cooperation, refusal and contact, from the outcomes of cases.

With I complete, P partial, R refusal, NC non-contact, O other, U of unknown eligibility, and e the share of U that
is eligible (AAPOR Standard Definitions, 10th ed. 2023, rates section): D = I+P+R+NC+O+U, De the same with eU,
D0 without U. RR1 = I/D, RR3 = I/De, RR5 = I/D0; even numbers count P too. COOP1 = I/(I+P+R+O), COOP3 without O.
REF = R, CON = I+P+R+O over D, De and D0. Not attempted and wrong numbers are U: they never leave D.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis.errors import AnalysisError
from analysis.outcomes import load_outcomes

CLASSES = ("complete", "partial", "refusal", "noncontact", "other", "unknown", "deceased", "ineligible")
RATES = (
    "RR1", "RR2", "RR3", "RR4", "RR5", "RR6", "COOP1", "COOP2", "COOP3", "COOP4",
    "REF1", "REF2", "REF3", "CON1", "CON2", "CON3",
)  # fmt: skip

Deceased = Literal["apart", "other", "ineligible"]


@dataclass(frozen=True)
class ResponseRates:
    """Outcome rates as fractions by their AAPOR names (None where nobody stands below the line).

    counts: cases by class. e: eligible share of those of unknown eligibility, and whether it was "given" or
    "estimated" from the cases whose eligibility is known.
    """

    counts: Mapping[str, int]
    rates: Mapping[str, float | None]
    e: float
    e_source: Literal["given", "estimated"]

    def __getitem__(self, name: str) -> float | None:
        return self.rates[name]

    @property
    def frame(self) -> pd.DataFrame:
        """A row per rate: name and fraction (NaN where there is none)."""
        return pd.DataFrame({"rate": list(self.rates), "value": pd.array(list(self.rates.values()), dtype="Float64")})


def aapor_rates(
    outcomes: Iterable[str] | Mapping[str, int], *, e: float | None = None, deceased: Deceased = "apart"
) -> ResponseRates:
    """Rates of one channel's cases, from the final outcome of each, or from counts of outcomes.

    outcomes: codes of outcomes.csv such as F1, or classes such as "complete". e: a fraction; None estimates it as
    eligible / (eligible + ineligible). deceased: whole households that died are kept "apart" (单列), or counted as
    "other" or as "ineligible". Raises AnalysisError for an outcome that is not in the list.
    """
    counts = _by_class(outcomes)
    dead = counts["deceased"] if deceased == "other" else 0
    gone = counts["ineligible"] + (counts["deceased"] if deceased == "ineligible" else 0)
    complete, partial, refusal = counts["complete"], counts["partial"], counts["refusal"]
    other, unknown = counts["other"] + dead, counts["unknown"]
    spoken = complete + partial + refusal + other
    eligible = spoken + counts["noncontact"]
    share = _eligible_share(e, eligible, gone)
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
    source = "estimated" if e is None else "given"
    return ResponseRates(counts, {name: values[name] for name in RATES}, share, source)


def _by_class(outcomes: Iterable[str] | Mapping[str, int]) -> dict[str, int]:
    given = Counter(outcomes)
    known = load_outcomes()
    counts: dict[str, int] = dict.fromkeys(CLASSES, 0)
    for outcome, count in given.items():
        name = known[outcome].outcome_class if outcome in known else outcome
        if name not in counts:
            message = f"{outcome!r} is neither an outcome code nor a class of outcomes.csv"
            raise AnalysisError("outcome", message, outcome=outcome)
        if count < 0:
            raise AnalysisError("count", f"{count} cases of {outcome!r} are impossible", outcome=outcome)
        counts[name] += int(count)
    return counts


def _eligible_share(e: float | None, eligible: int, ineligible: int) -> float:
    if e is None:
        return eligible / (eligible + ineligible) if eligible else 1.0
    if not 0 <= e <= 1:
        raise AnalysisError("e", f"e = {e} is not a fraction between 0 and 1", e=e)
    return e


def _ratio(above: float, below: float) -> float | None:
    return above / below if below > 0 else None
