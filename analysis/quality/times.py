"""Times that look wrong: answers faster than a question can be read, interviews at night, two at once.

Times are local; seconds and minutes are numbers.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.quality.flags import flags

FAST = 0.4
"""Share of the usual time below which an interview is too fast; a third to a half is customary."""

LEAST_INTERVIEWS = 10
LONG = 3.0  # a pause counts as at most so many times the usual


def too_fast(
    timings: pd.DataFrame,
    *,
    interview: str = "interview",
    question: str = "question",
    seconds: str = "seconds",
    mode: str | None = None,
    limit: float = FAST,
    least: int = 5,
) -> pd.DataFrame:
    """Interviews whose `pace` is below `limit`; parameters as there. value: the pace."""
    share = pace(timings, interview=interview, question=question, seconds=seconds, mode=mode, least=least)
    found = share < limit
    return flags("too_fast", share.index[found], share[found], limit)


def pace(
    timings: pd.DataFrame,
    *,
    interview: str = "interview",
    question: str = "question",
    seconds: str = "seconds",
    mode: str | None = None,
    least: int = 5,
) -> pd.Series:
    """How long the questions of each interview took, as a share of what the same questions usually take.

    timings: a row per interview and question with its seconds. What is usual is the median of a question (and mode),
    over at least ten interviews, so that who skips a section is not held to be fast; a long pause counts as three
    times it. least: questions that must be timed, else NaN. Its logarithm is a good item for unlike_others.
    """
    keys = [question] if mode is None else [question, mode]
    timings = timings.reset_index(drop=True)
    groups = timings.groupby(keys)[seconds]
    usual = groups.transform("median").where(groups.transform("count") >= LEAST_INTERVIEWS)
    part = timings[(usual > 0) & timings[seconds].notna()]
    usual = usual[part.index]
    took = np.minimum(part[seconds], LONG * usual)
    sums = pd.DataFrame({"id": part[interview], "usual": usual, "took": took, "questions": 1})
    sums = sums.groupby("id", sort=False).sum()
    share = (sums["took"] / sums["usual"]).where(sums["questions"] >= least)
    return share.rename("pace")


def too_short(
    interviews: pd.DataFrame, *, started: str, ended: str, mode: str | None = None, limit: float = FAST
) -> pd.DataFrame:
    """Interviews shorter than `limit` of the median of their mode, where only begin and end are known."""
    minutes = _minutes(interviews[ended] - interviews[started])
    groups = pd.Series(0, index=interviews.index) if mode is None else interviews[mode]
    usual = minutes.groupby(groups).transform("median")
    count = minutes.groupby(groups).transform("count")
    share = minutes / usual.where((usual > 0) & (count >= LEAST_INTERVIEWS))
    found = share < limit
    return flags("too_short", share.index[found], share[found], limit)


def at_night(interviews: pd.DataFrame, *, started: str, first: int = 7, last: int = 21) -> pd.DataFrame:
    """Interviews that began before `first` o'clock ("early") or at `last` o'clock or later ("night")."""
    hour = interviews[started].dt.hour
    parts = [
        flags("early", hour.index[hour < first], hour[hour < first], first),
        flags("night", hour.index[hour >= last], hour[hour >= last], last),
    ]
    kept = [part for part in parts if not part.empty]
    return pd.concat(kept, ignore_index=True) if kept else parts[0]


def overlapping(
    interviews: pd.DataFrame, *, interviewer: str, started: str, ended: str, minutes: float = 1.0
) -> pd.DataFrame:
    """Interviews that began more than `minutes` before the interviewer's latest one so far had ended; with that one."""
    table = interviews.dropna(subset=[interviewer, started, ended]).sort_values([interviewer, started], kind="stable")
    found, values, others = [], [], []
    for _, part in table.groupby(interviewer, sort=False):
        ends = part[ended].to_numpy()
        begins = part[started].to_numpy()
        latest = _latest_before(ends)
        together = np.minimum(ends[1:], ends[latest]) - begins[1:]
        lasted = together / np.timedelta64(1, "m")
        here = np.flatnonzero(lasted > minutes)
        found += list(part.index[here + 1])
        values += list(lasted[here])
        others += list(part.index[latest[here]])
    return flags("overlap", found, values, minutes, other=others)


def _latest_before(ends: np.ndarray) -> np.ndarray:
    """For every interview but the first, the place of the one before it that ended last."""
    latest = np.zeros(max(0, len(ends) - 1), dtype=np.intp)
    for at in range(1, len(ends) - 1):
        latest[at] = at if ends[at] > ends[latest[at - 1]] else latest[at - 1]
    return latest


def _minutes(spans: pd.Series) -> pd.Series:
    return spans.dt.total_seconds() / 60
