"""svy: ``python -m tests.performance.peers.svy_rates FILE {clusters,elements}``."""

from __future__ import annotations

import sys

import polars as pl
import svy

from tests.performance.peers.clock import ITEMS, told


def main(path: str, kind: str) -> None:
    """Time proportions of rows in memory; yes is 1."""
    rows = pl.read_parquet(path).with_columns(pl.col(ITEMS).cast(pl.Int8))
    columns = {"psu": "psu"} if kind == "clusters" else {"pop_size": "N"}
    told(
        lambda: svy.Sample(rows, svy.Design(stratum="stratum", wgt="w", **columns)).estimation.prop(ITEMS, by="domain")
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
