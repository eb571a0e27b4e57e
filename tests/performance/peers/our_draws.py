"""Ours: ``python -m tests.performance.peers.our_draws WHAT FILE TAKE``.

``WHAT`` is ``stratified``, ``pps``, ``tickets``, ``certified``, ``streamed`` or ``streamed_pps``. The table is in
memory before the clock starts, but for ``streamed``, which counts the reading. Checking the roster is counted
everywhere; ``certified`` counts the digest and the certificate too, as ``streamed`` does.
"""

from __future__ import annotations

import sys

import duckdb
import pandas as pd

from sampling import Draw, Frame, SampleDesign, draw, draw_parquet, tickets
from tests.performance.peers.clock import told

SEED = "2026188"
COLUMNS = {"unit_id": "id", "strata": ["stratum"], "size": "persons"}


def main(what: str, path: str, take: str) -> None:
    """Time one kind of draw."""
    design = SampleDesign(take=int(take), reserve=50, method="pareto" if what.endswith("pps") else "srs")
    if what.startswith("streamed"):
        told(lambda: draw_parquet(path, design, seed=SEED, **COLUMNS).certificate)
        return
    table = duckdb.read_parquet(path).df()
    if what == "tickets":
        ids = table["id"].to_numpy(dtype=object)
        told(lambda: tickets(ids, SEED))
    elif what == "certified":
        told(lambda: drawn(table, design).certificate)
    else:
        told(lambda: drawn(table, design).sample)


def drawn(table: pd.DataFrame, design: SampleDesign) -> Draw:
    """From the table to the draw; sizes are looked at where the method does."""
    columns = COLUMNS if design.method == "pareto" else {"unit_id": "id", "strata": ["stratum"]}
    return draw(Frame.from_table(table, **columns), design, seed=SEED)


if __name__ == "__main__":
    main(*sys.argv[1:])
