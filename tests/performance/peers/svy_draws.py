"""svy: ``python -m tests.performance.peers.svy_draws {stratified,pps} FILE TAKE``."""

from __future__ import annotations

import sys

import polars as pl
import svy

from tests.performance.peers.clock import told


def main(what: str, path: str, take: str) -> None:
    """Time a stratified simple sample, or one by size, systematic."""
    rows = pl.read_parquet(path)

    def work() -> object:
        sample = svy.Sample(rows, svy.Design(stratum="stratum", mos="persons"))
        select = sample.sampling.pps_sys if what == "pps" else sample.sampling.srs
        return select(int(take), rstate=2026188)

    told(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
