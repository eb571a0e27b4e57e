"""samplics: ``python -m tests.performance.peers.samplics_draws {stratified,pps} FILE TAKE``."""

from __future__ import annotations

import sys
import warnings

import polars as pl

from tests.performance.peers.clock import told

warnings.simplefilter("ignore")  # it says at every import that it is archived
from samplics.sampling import SampleSelection  # noqa: E402
from samplics.utils.types import SelectMethod  # noqa: E402


def main(what: str, path: str, take: str) -> None:
    """Time a stratified simple sample, or one by size, systematic."""
    rows = {name: column.to_numpy() for name, column in pl.read_parquet(path).to_dict().items()}
    method = SelectMethod.pps_sys if what == "pps" else SelectMethod.srs_wor
    sizes = {"mos": rows["persons"]} if what == "pps" else {}

    def work() -> object:
        chosen = SampleSelection(method=method, strat=True, wr=False)
        return chosen.select(rows["id"], int(take), rows["stratum"], **sizes)

    told(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
