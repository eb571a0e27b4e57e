"""The reference answers of R survey, read as cases and designs."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from analysis import SurveyDesign

ORACLES = Path(__file__).parent.parent / "oracles"


@lru_cache(maxsize=8)
def data(name: str) -> pd.DataFrame:
    return pd.read_csv(ORACLES / "data" / f"{name}.csv")


@lru_cache(maxsize=8)
def cases(name: str) -> list[dict[str, Any]]:
    return json.loads((ORACLES / "expected" / f"{name}.json").read_text("utf-8"))["cases"]


def exact(estimator: str, *names: str) -> list[dict[str, Any]]:
    found = [
        case
        for name in names or ("apistrat", "apiclus1", "apisrs", "sa_strat")
        for case in cases(name)
        if case["estimator"] == estimator and case["trust"] == "exact"
    ]
    assert found, f"no case of {estimator}"
    return found


@lru_cache(maxsize=16)
def _design(
    dataset: str, weight: str, stratum: str | None, cluster: str | None, population: str | None
) -> SurveyDesign:
    return SurveyDesign(data(dataset), weight=weight, stratum=stratum, cluster=cluster, population=population)


def design(case: dict[str, Any]) -> SurveyDesign:
    parts = case["design"]
    return _design(case["dataset"], parts["weights"], parts.get("strata"), parts.get("id"), parts.get("fpc"))


def near(got: float, want: float | str, tol: float) -> bool:
    want = float(want)
    if math.isnan(want) or math.isnan(got):
        return math.isnan(want) and math.isnan(got)
    return abs(got - want) <= tol * max(1.0, abs(want))
