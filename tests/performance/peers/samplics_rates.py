"""samplics: ``python -m tests.performance.peers.samplics_rates FILE {clusters,elements}``."""

from __future__ import annotations

import sys
import warnings

import polars as pl

from tests.performance.peers.clock import ITEMS, told

warnings.simplefilter("ignore")  # it says at every import that it is archived
from samplics.estimation import TaylorEstimator  # noqa: E402
from samplics.utils.types import PopParam  # noqa: E402


def main(path: str, kind: str) -> None:
    """Time proportions, item after item as its interface has it."""
    rows = {name: column.to_numpy() for name, column in pl.read_parquet(path).to_dict().items()}
    fpc = 1.0
    if kind == "elements":
        sizes = dict(zip(rows["stratum"].tolist(), rows["N"].tolist(), strict=True))
        drawn = {name: int((rows["stratum"] == name).sum()) for name in sizes}
        fpc = {name: 1 - drawn[name] / sizes[name] for name in sorted(sizes)}

    def work() -> None:
        for item in ITEMS:
            TaylorEstimator(PopParam.prop).estimate(
                rows[item].astype(int),
                samp_weight=rows["w"],
                stratum=rows["stratum"],
                psu=rows["psu"] if kind == "clusters" else None,
                domain=rows["domain"],
                fpc=fpc,
            )

    told(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
