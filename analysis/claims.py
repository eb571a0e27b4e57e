"""What a hostile reviewer asks of a published rate of answers (满意度, 知晓率): how many, how chosen, how certain.

NO_SAMPLE_SIZE  a rate without the number of answers behind it
TOO_SMALL       the target is said to be met, but the interval of so many answers reaches below it
FEW             fewer than 30 answers behind a per cent
NO_SAMPLING     nothing is said of how they were chosen
VOLUNTEERS      people who chose themselves are shown as a sample
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from analysis.counts import proportion_interval
from analysis.indicators import Indicator
from analysis.rounding import percent, to_decimal

if TYPE_CHECKING:
    from analysis.scoring_rules import Actual

FEW = 30
LEVEL = 0.95

_OF_ANSWERS = re.compile("满意|知晓|认可|获得感|幸福感")
_VOLUNTEERS = re.compile("扫码|自愿|自填|网络|线上|微信|随手|方便|偶遇|拦截|座谈")

Claim = tuple[str, str, dict[str, Any]]


def claims_of(line: Indicator, rate: Decimal) -> Iterator[Claim]:
    """Code, sentence and fields of everything that can be said against a stated `rate` (a fraction) of answers."""
    if not is_rate_of_answers(line) or not 0 <= rate <= 1:
        return
    if line.n_stated is None:
        least = _least(rate)
        yield (
            "NO_SAMPLE_SIZE",
            "a rate without the number of answers behind it",
            {"rate": percent(rate), "least": least},
        )
        return
    if line.n_stated < FEW:
        yield "FEW", f"{line.n_stated} answers are too few for a per cent", {"n": line.n_stated}
    yield from _too_small(line, rate, line.n_stated)
    yield from _chosen(line)


def claims_on(line: Indicator, actual: Actual) -> Iterator[Claim]:
    """The same of a value in a study: of an estimate its own interval and count, of a typed rate all of the above."""
    if not is_rate_of_answers(line) or not isinstance(actual.value, (float, Decimal)):
        return
    rate = to_decimal(actual.value)
    if actual.low is None:
        yield from claims_of(replace(line, n_stated=actual.n, sampling_stated=actual.sampling), rate)
        return
    if actual.n is not None and actual.n < FEW and actual.low != actual.high:
        yield "FEW", f"{actual.n} answers are too few for a per cent", {"n": actual.n}
    if _is_met(line, rate) and actual.high is not None:
        yield from _reaching_below(line, actual.low, actual.high, actual.n or 0)


def is_rate_of_answers(line: Indicator) -> bool:
    """Whether a line is about what people said, by its name: 满意度, 知晓率, 获得感."""
    return bool(_OF_ANSWERS.search(line.name) or _OF_ANSWERS.search(line.path))


def _least(rate: Decimal) -> int | None:
    from analysis.contradictions import smallest_n  # noqa: PLC0415 - which itself asks for the claims of a line

    return smallest_n(percent(rate).normalize())


def _too_small(line: Indicator, rate: Decimal, n: int) -> Iterator[Claim]:
    if _is_met(line, rate):
        yield from _reaching_below(line, *proportion_interval(round(float(rate) * n), n, "blaker", level=LEVEL), n)


def _is_met(line: Indicator, rate: Decimal) -> bool:
    target = line.target
    return target is not None and target.value is not None and target.op in {">=", ">"} and target.met(rate)


def _reaching_below(line: Indicator, low: float, high: float, n: int) -> Iterator[Claim]:
    target = line.target
    if target is not None and target.value is not None and low < float(target.value):
        words = f"{n} answers put the rate between {percent(low)}% and {percent(high)}%: {target.text} is not shown"
        yield "TOO_SMALL", words, {"n": n, "low": percent(low), "high": percent(high), "target": target.text}


def _chosen(line: Indicator) -> Iterator[Claim]:
    if not line.sampling_stated:
        yield "NO_SAMPLING", "nothing is said of how these people were chosen", {"n": line.n_stated}
    elif found := _VOLUNTEERS.search(line.sampling_stated):
        words = f"{line.sampling_stated}: people who chose themselves are no sample"
        yield "VOLUNTEERS", words, {"sampling": line.sampling_stated, "word": found[0]}
