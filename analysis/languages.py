"""The words of the sentences in wording.py, one table per language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """Templates of sentences; `methods` says how and why by the method of an estimate, `reservations` by its flag."""

    person: str
    nobody: str
    no_cases: str
    rate: str
    interval: str
    aside: str
    between: str
    stop: str
    counted: str
    answered: str
    detail: str
    one_person: str
    higher: str
    lower: str
    no_difference: str
    doubt: str
    certain: str
    response: str
    eligible: Mapping[str, str]
    methods: Mapping[str, str]
    reservations: Mapping[str, str]


ZH = Language(
    person="人",
    nobody="{name}：没有有效作答，不出数。",
    no_cases="{name}：分母中没有样本，不出数。",
    rate="{name}为{rate}",
    interval="，{level}置信区间为{low}至{high}",
    aside="（{facts}）。",
    between="；",
    stop="。",
    counted="有效作答{n}{unit}，其中{yes}{unit}为是",
    answered="有效作答{n}{unit}",
    detail="{name}：{value}",
    one_person="一人之差即变动{step}个百分点，小数位仅供复算。",
    higher="{one}比{other}高{gap}个百分点{doubt}。",
    lower="{one}比{other}低{gap}个百分点{doubt}。",
    no_difference="{one}与{other}相差{gap}个百分点，尚不能认为两者有差别{doubt}。",
    doubt="（差的{level}置信区间为{low}至{high}个百分点；经多重比较校正，{p}）",
    certain="（无抽样误差）",
    response=(
        "{name}为{rate}（AAPOR {aapor}；完成{complete}，部分完成{partial}，拒访{refusal}，未联系上{noncontact}，"
        "其他{other}，资格不明{unknown}）"
    ),
    eligible={
        "given": "；资格不明者按给定的{e}计入",
        "estimated": "；资格不明者按已知资格者中的合格比例{e}（由本渠道样本估计）计入",
        "assumed": "；没有已知资格的样本，资格不明者全部计入",
    },
    methods={
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
        "woodruff": "按抽样设计加权，Woodruff 区间",
    },
    reservations={
        "suppress": "作答太少或区间太宽，不宜单独公布。",
        "review": "自由度不足或比率为0、100%，使用前请复核。",
        "complement": "其反面（未达到的比例）的精度不足，不宜单独公布。",
    },
)

EN = Language(
    person="people",
    nobody="{name}: nobody gave a valid answer, so there is no figure.",
    no_cases="{name}: there are no cases below the line, so there is no figure.",
    rate="{name} is {rate}",
    interval=", {level} confidence interval {low} to {high}",
    aside=" ({facts}).",
    between="; ",
    stop=".",
    counted="{n} {unit} answered, {yes} of them yes",
    answered="{n} {unit} answered",
    detail="{name}: {value}",
    one_person=" One answer more or less moves it by {step} percentage points; the decimals serve to recompute it.",
    higher="{one} is {gap} percentage points above {other}{doubt}.",
    lower="{one} is {gap} percentage points below {other}{doubt}.",
    no_difference="{one} and {other} are {gap} percentage points apart, which does not show that they differ{doubt}.",
    doubt=" ({level} confidence interval of the difference {low} to {high}; {p}, adjusted for many comparisons)",
    certain=" (no sampling error)",
    response=(
        "{name} is {rate} (AAPOR {aapor}; {complete} complete, {partial} partial, {refusal} refused, {noncontact} not "
        "contacted, {other} other, {unknown} of unknown eligibility)"
    ),
    eligible={
        "given": "; those of unknown eligibility count by the given share {e}",
        "estimated": "; those of unknown eligibility count by the share {e} that is estimated from the others",
        "assumed": "; nobody's eligibility is known, so that all count",
    },
    methods={
        "census": "everybody was asked, so there is no sampling error",
        "none": "volunteers are no probability sample, so there is no confidence interval",
        "blaker": "simple random sample of a finite population, Blaker's exact interval (hypergeometric)",
        "tail": "simple random sample of a finite population, exact tail interval (hypergeometric)",
        "clopper_pearson": "simple random sample, exact interval of Clopper and Pearson",
        "exact_stratified": "all answers of the sampled strata agree, exact bound of the stratified sample",
        "kg": "weighted by the design, Korn–Graubard interval (effective size capped by the finite population)",
        "nchs": "weighted by the design, Korn–Graubard interval (effective size capped by the sample)",
        "wilson": "weighted by the design, Wilson interval on the effective size",
        "jeffreys": "weighted by the design, Jeffreys interval on the effective size",
        "logit": "weighted by the design, logit interval",
        "xlogit": "weighted by the design, logit interval",
        "likelihood": "weighted by the design, likelihood interval",
        "asin": "weighted by the design, arcsine interval",
        "beta": "weighted by the design, beta interval without a cap",
        "mean": "weighted by the design, t interval",
        "woodruff": "weighted by the design, Woodruff's interval",
    },
    reservations={
        "suppress": " Too few answers or too wide an interval: not to be published by itself.",
        "review": " Few degrees of freedom, or a rate of 0 or 100%: have it looked at before use.",
        "complement": " Its complement is not sure enough to be published by itself.",
    },
)
