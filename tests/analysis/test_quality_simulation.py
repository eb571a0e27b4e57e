"""How many fabricated interviews the checks find, and how many honest ones they flag, in invented fieldwork."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fabrication import AWARE, COPIER, INVENTOR, PLEASER, QUESTIONS, SCALE, Fieldwork, fieldwork

from analysis.quality import (
    at_night,
    by_interviewer,
    far_from_place,
    has_straight_line,
    many_unknown,
    near_duplicates,
    one_place_for_many,
    overlapping,
    pace,
    rounded,
    straight_lines,
    too_fast,
    too_short,
    unlike_others,
)

SEEDS = range(6)


def of_interviews(work: Fieldwork) -> pd.DataFrame:
    table = work.interviews
    when = {"started": "started", "ended": "ended"}
    where = {"latitude": "lat", "longitude": "lon"}
    return pd.concat(
        [
            too_fast(work.timings),
            too_short(table, **when),
            at_night(table, started="started"),
            overlapping(table, interviewer="who", **when),
            one_place_for_many(table, interviewer="who", **where),
            far_from_place(table, **where, place_latitude="v_lat", place_longitude="v_lon"),
            straight_lines(work.answers, SCALE),
            many_unknown(work.answers, QUESTIONS),
            near_duplicates(work.answers, QUESTIONS, table["who"]),
        ],
        ignore_index=True,
    )


def of_interviewers(work: Fieldwork) -> pd.DataFrame:
    answers, table = work.answers, work.interviews
    speed = pace(work.timings)
    items = {name: (answers[name] >= 4).astype(float) for name in SCALE}
    items |= {name: (answers[name] == 1).astype(float).where(answers[name] != 97) for name in AWARE}
    items |= {
        "awareness": (answers[AWARE] == 1).mean(axis=1),
        "satisfaction": answers[SCALE].mean(axis=1),
        "line": has_straight_line(answers, SCALE).astype(float),
        "round": rounded(table["amount"], 100),
        "log pace": np.log(speed),
        "quick": (speed < 0.6).astype(float),
    }
    return unlike_others(pd.DataFrame(items), table["who"], table["village"])


@pytest.fixture(scope="module")
def runs():
    works = [fieldwork(seed) for seed in SEEDS]
    return [(work, of_interviews(work), of_interviewers(work)) for work in works]


def shares(runs) -> pd.DataFrame:
    """By check: the share that it flags of the interviews that each fabricator made up, and of those of the honest."""
    rows = []
    for work, found, _ in runs:
        table = work.interviews
        groups = {
            "copier": table["made_up"] & (table["who"] == COPIER),
            "inventor": table["made_up"] & (table["who"] == INVENTOR),
            "honest": table["who"] > PLEASER,
        }
        flagged = {code: table.index.isin(part["interview"]) for code, part in found.groupby("code")}
        flagged["any"] = table.index.isin(found["interview"])
        rows += [
            {"check": code, **{name: hit[who].mean() for name, who in groups.items()}} for code, hit in flagged.items()
        ]
    return pd.DataFrame(rows).groupby("check").sum() / len(runs)


def test_made_up_interviews_are_found_and_honest_ones_left_alone(runs):
    table = shares(runs)
    people = pd.DataFrame(
        {name: [(flags["interviewer"] == who).any() for _, _, flags in runs] for name, who in
         (("copier", COPIER), ("inventor", INVENTOR), ("pleaser", PLEASER))}
    ).mean()  # fmt: skip
    honest = np.mean([(flags["interviewer"].drop_duplicates() > PLEASER).sum() / 17 for _, _, flags in runs])
    print("\nflagged by check, shares of interviews:", table.round(3).to_string(), sep="\n")  # noqa: T201 - its purpose
    print("unlike others, shares of runs:", people.round(3).to_dict(), "honest:", round(float(honest), 3))  # noqa: T201
    assert table.loc["any", "copier"] > 0.97
    assert table.loc[["too_fast", "one_place"], "copier"].min() > 0.85
    assert table.loc["near_duplicate", "copier"] > 0.75
    assert table.loc["any", "honest"] < 0.03
    assert table["honest"].max() < 0.03
    assert people["copier"] == 1
    assert people["inventor"] >= 0.8
    assert people["pleaser"] >= 0.8
    assert honest < 0.05  # of all flags of interviewers one in twenty may be by chance


def test_the_copier_leads_the_table_of_interviewers(runs):
    for work, found, people in runs:
        table = by_interviewer(pd.concat([found, people], ignore_index=True), work.interviews, "who")
        assert table["who"].iloc[0] == COPIER
        assert table["share"].iloc[0] > 0.7
        assert table["share"].iloc[1] < 0.2


def test_where_everybody_is_honest_nobody_is_accused():
    accused, flagged = [], []
    for seed in range(100, 105):
        work = fieldwork(seed, dishonest=0)
        accused.append(of_interviewers(work)["interviewer"].nunique() / 20)
        flagged.append(of_interviews(work)["interview"].nunique() / len(work.interviews))
    assert np.mean(accused) < 0.02
    assert np.mean(flagged) < 0.03
