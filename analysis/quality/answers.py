"""Answers that look wrong by themselves: one answer all down a scale, no real answers, the same interview twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.quality.flags import flags

SAME = 0.85
"""Share of equal answers from which two interviews are near-duplicates (Kuriakose and Robbins 2016)."""

CHANCE = 0.99
"""The share of interviews whose nearest double by another interviewer is below what counts as near."""

LEAST_QUESTIONS = 5
_ROWS = 1024


def straight_lines(
    answers: pd.DataFrame, scale: Sequence[str], *, least: int = LEAST_QUESTIONS, common: float = 0.1
) -> pd.DataFrame:
    """Interviews that give one answer to every item of a scale, where few others do.

    scale: columns of the items. least: items that must be answered. common: a line that more than this share of the
    interviews has is no sign of anything: where most are very satisfied, many honestly say so all the way down; whether
    an interviewer has more of them than others is for `unlike_others` (see straight_line there). value: the share of
    interviews with the same line.
    """
    table = answers[list(scale)]
    line = has_straight_line(answers, scale, least=least)
    first = table.bfill(axis=1).iloc[:, 0].where(line)
    share = first.map(first.value_counts() / max(1, len(table)))
    found = line & (share <= common)
    return flags("straight_line", table.index[found], share[found], common)


def has_straight_line(answers: pd.DataFrame, scale: Sequence[str], *, least: int = LEAST_QUESTIONS) -> pd.Series:
    """Whether all items of a scale that were answered, at least so many, have one answer: an item for unlike_others."""
    table = answers[list(scale)]
    first = table.bfill(axis=1).iloc[:, 0]
    same = table.eq(first, axis=0) | table.isna()
    return same.all(axis=1) & (table.notna().sum(axis=1) >= least)


def many_unknown(
    answers: pd.DataFrame,
    questions: Sequence[str],
    codes: Collection[object] = (97, 98, 99),
    *,
    most: float = 0.4,
    least: int = LEAST_QUESTIONS,
) -> pd.DataFrame:
    """Interviews in which more than `most` of the questions asked were answered by a code of 说不清 or 不愿回答."""
    table = answers[list(questions)]
    asked = table.notna().sum(axis=1)
    share = table.isin(list(codes)).sum(axis=1) / asked.where(asked >= least)
    found = share > most
    return flags("many_unknown", table.index[found], share[found], most)


def near_duplicates(
    answers: pd.DataFrame,
    questions: Sequence[str],
    interviewer: pd.Series | None = None,
    *,
    same: float = SAME,
    least: int = 10,
) -> pd.DataFrame:
    """Interviews of which another has at least `same` of its answers: each with its nearest one.

    Two are compared over the questions that both were asked, if these are at least `least`. interviewer: who did each;
    then the limit is raised to what honest interviews reach by chance: the 0.99 quantile, over interviews, of the
    nearest one by another interviewer. Where nearly everybody is satisfied, 85 % is soon the same.
    """
    table = answers[list(questions)]
    limit = same
    who = None if interviewer is None else pd.factorize(interviewer.reindex(table.index))[0]
    nearest, other, abroad = _nearest(table, who, least)
    if who is not None and len(set(who)) > 1:
        limit = max(same, float(np.quantile(abroad, CHANCE)))
    found = nearest > limit if limit > same else nearest >= same
    return flags("near_duplicate", table.index[found], nearest[found], limit, other=table.index[other[found]])


def _nearest(
    table: pd.DataFrame, who: NDArray[np.intp] | None, least: int
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
    """The greatest share of equal answers with another interview, which one, and with one by another interviewer."""
    known = table.notna().to_numpy()
    ones = np.concatenate([_indicators(table[name]) for name in table.columns], axis=1, dtype=np.float32)
    asked = known.astype(np.float32)
    size = len(table)
    nearest, abroad = np.zeros(size), np.zeros(size)
    other = np.zeros(size, dtype=np.intp)
    for start in range(0, size, _ROWS):
        rows = np.arange(start, min(size, start + _ROWS))
        both = asked[rows] @ asked.T
        share = np.where(both >= least, (ones[rows] @ ones.T) / np.maximum(both, 1), 0)
        share[np.arange(len(rows)), rows] = 0
        other[rows] = share.argmax(axis=1)
        nearest[rows] = share.max(axis=1, initial=0)
        if who is not None:
            abroad[rows] = np.where(who[rows][:, None] == who[None, :], 0, share).max(axis=1, initial=0)
    return nearest, other, abroad


def _indicators(column: pd.Series) -> NDArray[np.float32]:
    """A column of 0 and 1 for every answer that more than one interview gave: the others match nothing."""
    code, found = pd.factorize(column)
    count = np.bincount(code[code >= 0], minlength=len(found))
    place = np.where(count > 1, np.cumsum(count > 1) - 1, -1)
    at = np.where(code >= 0, place[code], -1) if len(found) else code
    return (at[:, None] == np.arange(int((count > 1).sum()))).astype(np.float32)
