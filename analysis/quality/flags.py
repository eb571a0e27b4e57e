"""Flags: a row per finding, its reason in words, and how many an interviewer has.

interview: id of the interview, None where the finding is of an interviewer as a whole. interviewer: who did it, None
where not told. code: a key of REASONS. value, limit: what was found, and from where on it is flagged, in the units of
the check. other: the interview or the item that it is about, None where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.errors import AnalysisError
from analysis.rounding import half_up, percent_text

COLUMNS = ["interview", "interviewer", "code", "value", "limit", "other"]


@dataclass(frozen=True)
class Reason:
    """A reason in Chinese and English; `as_share` prints value and limit in per cent."""

    zh: str
    en: str
    as_share: bool = False


REASONS: Mapping[str, Reason] = {
    "too_fast": Reason(
        "用时只有这些问题通常用时的{value}（低于{limit}）",
        "took {value} of the usual time of these questions (limit {limit})",
        as_share=True,
    ),
    "too_short": Reason(
        "访问时长只有同类访问中位数的{value}（低于{limit}）",
        "lasted {value} of the median interview of its kind (limit {limit})",
        as_share=True,
    ),
    "straight_line": Reason(
        "一组量表题答案全部相同，这样的访问只占{value}",
        "all items of a scale have one answer, as in only {value} of the interviews",
        as_share=True,
    ),
    "many_unknown": Reason(
        "{value}的问题答“说不清”“不愿回答”（超过{limit}）",
        "{value} of the questions were not really answered (limit {limit})",
        as_share=True,
    ),
    "near_duplicate": Reason(
        "与访问{other}的答案{value}相同（达到{limit}）",
        "{value} the same as interview {other} (limit {limit})",
        as_share=True,
    ),
    "night": Reason("开始于{value}时（正常时段到{limit}时）", "began at {value} o'clock (work ends at {limit})"),
    "early": Reason("开始于{value}时（正常时段从{limit}时起）", "began at {value} o'clock (work begins at {limit})"),
    "overlap": Reason(
        "与同一访员的访问{other}时间重叠{value}分钟",
        "overlaps interview {other} of the same interviewer by {value} minutes",
    ),
    "one_place": Reason(
        "同一访员有{value}次访问的定位在同一处（达到{limit}次）",
        "{value} interviews of this interviewer were located in one spot (limit {limit})",
    ),
    "far": Reason(
        "定位离应访地点{value}米（超过{limit}米）", "located {value} m from where it should be (limit {limit} m)"
    ),
    "same_photo": Reason("照片与访问{other}的是同一个文件", "has the same photo file as interview {other}"),
    "look_alike": Reason(
        "照片与访问{other}的几乎一样（相差{value}位，限{limit}位）",
        "has a photo that looks like one of interview {other} ({value} bits apart, limit {limit})",
    ),
    "in_company": Reason("访问时有干部或机构人员在场", "a cadre or somebody of an institution was present"),
    "unlike_roster": Reason(
        "“{other}”与名册不一致（相差{value}，允许{limit}）",
        "{other} differs from the roster (by {value}, allowed {limit})",
    ),
    "unlike_others": Reason(
        "“{other}”的比例与同一地方的其他访员明显不同（相差{value}）",
        "the share of {other} is {value} away from other interviewers' in the same places",
        as_share=True,
    ),
    "unlike_others_mean": Reason(
        "“{other}”的平均值与同一地方的其他访员明显不同（相差{value}）",
        "the mean of {other} is {value} away from other interviewers' in the same places",
    ),
}


def flags(
    code: str,
    interview: Iterable[Any],
    value: Iterable[float],
    limit: float,
    *,
    interviewer: Iterable[Any] | None = None,
    other: Iterable[Any] | None = None,
) -> pd.DataFrame:
    """A table of flags of one code."""
    interview = list(interview)
    size = len(interview)
    return pd.DataFrame(
        {
            "interview": pd.Series(interview, dtype=object),
            "interviewer": pd.Series([None] * size if interviewer is None else list(interviewer), dtype=object),
            "code": pd.Series([code] * size, dtype=object),
            "value": pd.Series(list(value), dtype=float),
            "limit": pd.Series([limit] * size, dtype=float),
            "other": pd.Series([None] * size if other is None else list(other), dtype=object),
        },
        columns=COLUMNS,
    )


def reason(flag: Mapping[str, Any] | pd.Series, language: str = "zh") -> str:
    """The finding in words, "zh" or "en". Raises AnalysisError for a code that REASONS does not have."""
    known = REASONS.get(str(flag["code"]))
    if known is None:
        raise AnalysisError("flag", f"no check gives flags of the code {flag['code']!r}", value=flag["code"])
    figures = {name: _text(float(flag[name]), as_share=known.as_share) for name in ("value", "limit")}
    return getattr(known, language).format(**figures, other=flag["other"])


def by_interviewer(found: pd.DataFrame, interviews: pd.DataFrame, interviewer: str) -> pd.DataFrame:
    """A row per interviewer: interviews, flagged (interviews with any flag), share, and the flags of every code.

    The interviewer with the largest share stands first; flags of the interviewer as a whole count among the codes. A
    sum of signs finds fabrication better than any single one (Bredl, Winker and Kötschau 2012).
    """
    table = interviews.groupby(interviewer).size().rename("interviews").to_frame()
    named = found[found["interview"].notna()]
    whose = interviews[interviewer].reindex(named["interview"]).to_numpy()
    table["flagged"] = named.assign(who=whose).drop_duplicates("interview").groupby("who").size()
    table["flagged"] = table["flagged"].reindex(table.index).fillna(0).astype(int)
    table["share"] = table["flagged"] / table["interviews"]
    owner = found["interview"].map(interviews[interviewer].astype(object)).astype(object)
    owner = owner.where(owner.notna(), found["interviewer"])
    counts = pd.crosstab(owner, found["code"]).reindex(index=table.index, fill_value=0)
    table = table.join(counts.reindex(columns=[code for code in REASONS if code in counts], fill_value=0))
    return table.sort_values("share", ascending=False, kind="stable").reset_index()


def _text(value: float, *, as_share: bool) -> str:
    if as_share:
        return percent_text(value, 0)
    return str(half_up(value, 0 if abs(value) >= 10 or value == round(value) else 2))
