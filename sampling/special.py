"""Samples for a purpose of their own, each apart from the rates.

    risk            units that a roster speaks against: chosen because of what was found, so they stand for nobody else
    undercoverage   non-recipients (漏保): their own frame and their own denominator, never added to the recipients'
    backcheck       interviews looked at a second time: about interviewers, not about households

Each has a stage of its own, so that its tickets tell nothing about those of the main sample with the same seed. A table
names its `purpose` in every row, and has no column `weight` where a weight would mean nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd

from sampling.contradictions import RISK_WEIGHTS, risk_scores
from sampling.design import SampleDesign, Take
from sampling.drawing import Draw, draw
from sampling.errors import DesignError, FrameError, FrameProblem, Stratum
from sampling.frame import Frame, Names
from sampling.seeds import Seed
from sampling.tickets import as_tickets, checked_seed, ticket_integers

Purpose = Literal["risk", "undercoverage", "backcheck"]

RISK_STAGE = 101
UNDERCOVERAGE_STAGE = 102


@dataclass(frozen=True, eq=False)
class SpecialSample:
    """A sample that no rate of the study may include.

    `sample` has a row per unit with `purpose`; `denominators` say of how many units it was drawn, by stratum (by
    interviewer for back-checks). `draw` holds the certificate, which `verify(table, draw.certificate)` proves; None
    for back-checks, whose seed stays secret until they are made.
    """

    purpose: Purpose
    sample: pd.DataFrame
    denominators: Mapping[Stratum, int]
    table: pd.DataFrame
    draw: Draw | None = None

    @property
    def for_rates(self) -> bool:
        """Always false: it says nothing about the households of the main sample's frame."""
        return False


def risk_sample(
    flags: pd.DataFrame,
    take: Take,
    *,
    seed: str | int | Seed,
    reserve: int = 0,
    weights: Mapping[str, float | Decimal] = RISK_WEIGHTS,
) -> SpecialSample:
    """Of the units that `contradictions` flagged, `take` by Pareto order with chances that go with their scores.

    The gravest may be certain. `sample`: `unit_id, purpose, role, order, ticket, score, reasons`; there is no weight:
    units were chosen for what was found about them, and units without a flag had no chance. The denominator is the
    number of flagged units. Raises DesignError when nothing was flagged or fewer units than are asked for.
    """
    scores = risk_scores(flags, weights)
    if scores.empty:
        raise DesignError("nothing_flagged", "the roster shows no contradiction to look into")
    table = scores.loc[:, ["unit_id", "score"]]
    frame = Frame.from_table(table, unit_id="unit_id", size="score")
    drawn = draw(frame, SampleDesign(take, reserve, "pareto", stage=RISK_STAGE), seed=seed)
    sample = drawn.sample.drop(columns=["probability", "weight"]).merge(scores, on="unit_id", how="left")
    return SpecialSample("risk", _marked(sample, "risk"), frame.populations, table, drawn)


def undercoverage_sample(
    candidates: pd.DataFrame,
    recipients: Collection[str],
    design: SampleDesign,
    *,
    seed: str | int | Seed,
    unit_id: str,
    strata: Names = (),
    cluster: Names | None = None,
    key: str | None = None,
) -> SpecialSample:
    """A 漏保 sample: drawn from the `candidates` (残疾、重病、低收入监测 lists) that receive nothing.

    `recipients` are keys of those who do, compared with the column `key` (`unit_id` by default); they are taken out
    first, and `denominators` count the others by stratum. Weights are for rates of non-recipients alone ("of the
    households on these lists without aid, so many qualify"). Raises FrameError, DesignError as `draw` does, and
    FrameError `all_recipients` where nobody is left.
    """
    column = key or unit_id
    if column not in candidates.columns:
        raise FrameError([FrameProblem("column_missing", column, (), "is not in the roster")])
    keys = candidates[column].astype("string").str.strip()
    receiving = keys.isin({str(recipient).strip() for recipient in recipients}).to_numpy(dtype=bool)
    if len(candidates) and receiving.all():
        raise FrameError([FrameProblem("all_recipients", column, (), "holds recipients only: nobody is left to draw")])
    table = candidates.loc[~receiving].reset_index(drop=True)
    frame = Frame.from_table(table, unit_id=unit_id, strata=strata, cluster=cluster)
    drawn = draw(frame, replace(design, stage=UNDERCOVERAGE_STAGE), seed=seed)
    sample = _marked(drawn.sample, "undercoverage")
    return SpecialSample("undercoverage", sample, frame.populations, table, drawn)


def back_checks(
    interviews: pd.DataFrame,
    *,
    share: float,
    seed: str | int,
    at_least: int = 1,
    unit_id: str = "unit_id",
    interviewer: str = "interviewer",
    chosen: Collection[str] = (),
) -> SpecialSample:
    """Of each interviewer's interviews a share, rounded up, at least `at_least`: those with the smallest tickets.

    The ticket is that of `#backcheck/unit`. Call it again as interviews come in: those `chosen` before stay and count.
    The seed must be secret until then, or an interviewer would know which ones are looked at. `sample`: `unit_id`, the
    interviewer's column, `purpose, order, ticket`. `denominators` count each interviewer's interviews.
    Raises DesignError for a share outside 0 to 1, FrameError for rows without interviewer or with a unit twice.
    """
    if not 0 <= share <= 1 or at_least < 0:
        raise DesignError("share", "the share must lie between 0 and 1, and the least number must not be negative")
    frame = Frame.from_table(interviews, unit_id=unit_id, strata=interviewer)
    purposed = [f"#backcheck/{unit}" for unit in frame.unit_id.tolist()]
    x = ticket_integers(purposed, checked_seed(seed))
    before = np.isin(frame.unit_id, list(chosen))
    table = pd.DataFrame({"unit_id": frame.unit_id, interviewer: frame.labels[interviewer], "ticket": as_tickets(x)})
    table = table.assign(code=frame.codes, later=~before, x=x).sort_values(["code", "later", "x", "unit_id"])
    table["order"] = table.groupby("code").cumcount() + 1
    wanted = {
        code: max(_rounded_up(share * count), min(at_least, count))
        for code, count in enumerate(frame.populations.values())
    }
    taken = table[(table["order"] <= table["code"].map(wanted)) | ~table["later"]]
    sample = _marked(taken.loc[:, ["unit_id", interviewer, "order", "ticket"]].reset_index(drop=True), "backcheck")
    return SpecialSample("backcheck", sample, frame.populations, interviews)


def _marked(sample: pd.DataFrame, purpose: Purpose) -> pd.DataFrame:
    """The sample with its purpose in every row, behind the unit."""
    marked: Any = sample.copy()
    marked.insert(1, "purpose", purpose)
    return marked


def _rounded_up(number: float) -> int:
    return math.ceil(number - 1e-9)
