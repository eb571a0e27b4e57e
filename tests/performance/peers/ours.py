"""Ours: ``python -m tests.performance.peers.ours {memory,parquet} FILE {clusters,elements}``."""

from __future__ import annotations

import sys

import duckdb

from analysis import SurveyDesign
from tests.performance.peers.clock import ITEMS, told


def main(where: str, path: str, kind: str) -> None:
    """Time rates of rows in memory, or from the file with its reading."""
    columns = {"weight": "w", "stratum": "stratum"}
    columns |= {"cluster": "psu"} if kind == "clusters" else {"population": "N"}
    if where == "parquet":
        told(lambda: SurveyDesign.from_parquet(path, **columns).rates(ITEMS, by="domain"))
        return
    frame = duckdb.read_parquet(path).df()
    told(lambda: SurveyDesign(frame, **columns).rates(ITEMS, by="domain"))


if __name__ == "__main__":
    main(*sys.argv[1:])
