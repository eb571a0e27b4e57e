"""Plain Chinese sentences for estimates, as a report uses them. Per cent, two decimals, half up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.rounding import decimals_supported, half_up, percent_text

METHODS = {
    "census": "全部对象均已调查，为普查结果，不存在抽样误差",
    "none": "自愿参与的样本不是概率样本，不计算置信区间",
    "blaker": "有限总体简单随机抽样，Blaker 精确区间（超几何分布）",
    "tail": "有限总体简单随机抽样，双尾精确区间（超几何分布）",
    "clopper_pearson": "简单随机抽样，Clopper—Pearson 精确区间",
    "exact_stratified": "各层抽中的对象回答全部一致，分层抽样精确界",
    "kg": "按抽样设计加权，Korn—Graubard 区间（有效样本量按有限总体封顶）",
    "nchs": "按抽样设计加权，Korn—Graubard 区间（有效样本量以实际样本量封顶）",
    "wilson": "按抽样设计加权，Wilson 区间（有效样本量）",
    "jeffreys": "按抽样设计加权，Jeffreys 区间（有效样本量）",
    "logit": "按抽样设计加权，logit 变换区间",
    "xlogit": "按抽样设计加权，logit 变换区间",
    "likelihood": "按抽样设计加权，似然比区间",
    "asin": "按抽样设计加权，反正弦变换区间",
    "beta": "按抽样设计加权，beta 区间（不封顶）",
    "mean": "按抽样设计加权，t 分布区间",
}


def sentence(name: str, row: Mapping[str, Any] | pd.Series, *, level: float = 0.95, unit: str = "人") -> str:
    """One sentence for a row of Estimates.frame: rate, interval, how many answered, how the interval was made.

    name: what the rate is called, such as 满意率. unit: 人 or 户.
    """
    n = int(row["n"])
    if n == 0 or pd.isna(row["estimate"]):
        return f"{name}：没有有效作答，不出数。"
    head = f"{name}为{percent_text(float(row['estimate']))}"
    counted = f"有效作答{n}{unit}，其中{int(row['yes'])}{unit}为是"
    how = METHODS.get(str(row["method"]), str(row["method"]))
    if row["method"] in {"census", "none"}:
        return f"{head}（{counted}；{how}）。"
    low, high = percent_text(float(row["low"])), percent_text(float(row["high"]))
    text = f"{head}，{percent_text(level, 0)}置信区间为{low}至{high}（{counted}；{how}）。"
    if decimals_supported(n):
        return text
    return f"{text}一人之差即变动{half_up(100 / n)}个百分点，小数位仅供复算。"
