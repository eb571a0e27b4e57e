"""The de-identified snapshot of an issued report: everything that its figures are computed from, and the figures.

A row of it has a label that means nothing (R0001), in an order that means nothing; its group is the stratum. It holds
no sample number, no id of a case or a record, no place finer than a county, no time, no free text. Villages that were
drawn first are numbered. What leads from a label to a case stands apart, in ``issued_row``.

Written as JSON, so that anybody can read it in fifty years; a float stands in the digits that give back the same float.
"""

from __future__ import annotations

import json
import random
import uuid
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from survey_server.results.dataset import Dataset
from survey_server.submissions.receipts import canonical

FORMAT = "zoufang-snapshot/1"
CASES = (
    "stratum",
    "county",
    "category",
    "category_name",
    "unit",
    "role",
    "population",
    "covered",
    "probability",
    "design_weight",
    "weight",
    "channel",
    "headline",
    "outcome",
    "outcome_class",
    "counted",
    "settled",
    "finished_without",
    "form_version_id",
)
VERDICTS = ("err_incl", "err_excl", "err_death")
"""What the findings say of a case; snapshots of before the ledger have none."""
DRAWN = ("stratum", "county", "category", "category_name", "unit", "role", "population", "released")


@dataclass(frozen=True)
class Row:
    """What leads from a label of the snapshot to a case and a record; ``part`` is its group."""

    label: str
    part: str
    case_id: uuid.UUID | None
    submission_id: uuid.UUID | None


def deidentified(dataset: Dataset, order: random.Random) -> tuple[dict[str, Any], list[Row]]:
    """The dataset without what leads to a person, in an order that says nothing, and apart what leads there.

    Nothing leads from a volunteer's row to the record: it has no number that anybody would ask for.
    """
    names = list(dataset.cases.index)
    order.shuffle(names)
    shuffled = dataset.cases.loc[names]
    width = max(4, len(str(len(names))))
    labels = [f"R{place:0{width}d}" for place in range(1, len(names) + 1)]
    counted = [name for name, counts in zip(names, shuffled["counted"], strict=True) if counts]
    volunteers = list(range(len(dataset.volunteers)))
    order.shuffle(volunteers)
    data = {
        "labels": labels,
        "cases": _packed(_facts(shuffled)),
        "answers": _packed(dataset.answers.reindex(counted)),
        "volunteers": _packed(dataset.volunteers.iloc[volunteers]),
        "drawn": _packed(dataset.drawn[list(DRAWN)].sort_values(list(DRAWN))),
        "standings": dict(dataset.standings),
        "findings": _packed(dataset.findings),
    }
    return data, _rows(labels, shuffled)


def dataset_of(data: Mapping[str, Any]) -> Dataset:
    """The dataset that a snapshot holds; its index is the labels."""
    cases = _unpacked(data["cases"]).set_axis(pd.Index(data["labels"], name="sample_id"))
    versions = [None if pd.isna(value) else uuid.UUID(value) for value in cases["form_version_id"]]
    cases["form_version_id"] = pd.Series(versions, index=cases.index, dtype=object)
    answers = _unpacked(data["answers"])
    evidence = pd.DataFrame(columns=["sample_id", "channel", "received_at", "outcome", "standing"])
    return Dataset(
        cases=cases,
        answers=answers.set_axis(cases.index[cases["counted"].to_numpy(bool)]),
        evidence=evidence,
        volunteers=_unpacked(data["volunteers"]),
        drawn=_unpacked(data["drawn"]).assign(town=None, village=None),
        standings=dict(data["standings"]),
        findings=_unpacked(data.get("findings", {})),
    )


def written(snapshot: Mapping[str, Any]) -> bytes:
    """The snapshot as the bytes that its digest is of."""
    return canonical({"format": FORMAT, **snapshot})


def pressed(content: bytes) -> bytes:
    """The bytes made smaller for the blob store."""
    return zlib.compress(content, 6)


def read(content: bytes) -> dict[str, Any]:
    """What was pressed, as it was written."""
    return json.loads(zlib.decompress(content))


def without_answers(
    snapshot: Mapping[str, Any], labels: Collection[str], *, volunteers: bool = False
) -> dict[str, Any]:
    """The snapshot in which these rows say nothing any more; that there were rows stays, for weights and counts."""
    data = dict(snapshot["data"])
    counts = data["cases"]["counted"]["values"]
    gone = [label in labels for label, counted in zip(data["labels"], counts, strict=True) if counted]
    data["answers"] = _emptied(data["answers"], gone)
    data["cases"] = _without_verdicts(data["cases"], [label in labels for label in data["labels"]])
    if volunteers:
        data["volunteers"] = _emptied(data["volunteers"], [True] * volunteers_in(snapshot))
    return {**snapshot, "data": data}


def volunteers_in(snapshot: Mapping[str, Any]) -> int:
    """How many volunteers' rows it holds."""
    return next((len(each["values"]) for each in snapshot["data"]["volunteers"].values()), 0)


def plain(cell: Any) -> Any:  # noqa: ANN401 - a cell of a table
    """A cell as JSON holds it, to its last digit."""
    if cell is None or isinstance(cell, (str, bool)):
        return cell
    if isinstance(cell, (int, np.integer)):
        return int(cell)
    if isinstance(cell, (float, np.floating)):
        return None if np.isnan(cell) else repr(float(cell))
    return str(cell)


def _facts(cases: pd.DataFrame) -> pd.DataFrame:
    versions = [None if pd.isna(value) else str(value) for value in cases["form_version_id"]]
    facts = cases[[*CASES, *(name for name in VERDICTS if name in cases)]].copy()
    facts["form_version_id"] = pd.Series(versions, index=cases.index, dtype=object)
    if "cluster" in cases:
        facts["cluster"] = [f"C{number:04d}" for number in pd.factorize(cases["cluster"])[0]]
    return facts


def _rows(labels: Sequence[str], cases: pd.DataFrame) -> list[Row]:
    found = cases[["stratum", "case_id", "submission_id"]].itertuples(index=False, name=None)
    return [
        Row(label, str(stratum), case_id, None if pd.isna(record) else record)
        for label, (stratum, case_id, record) in zip(labels, found, strict=True)
    ]


def _packed(table: pd.DataFrame) -> dict[str, Any]:
    return {
        str(name): {"dtype": str(column.dtype), "values": [_value(value) for value in column.tolist()]}
        for name, column in table.items()
    }


def _value(value: Any) -> Any:  # noqa: ANN401 - a value of a column
    return None if not isinstance(value, (str, bool)) and pd.isna(value) else value


def _unpacked(columns: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(each["values"], dtype=each["dtype"]) for name, each in columns.items()})


def _without_verdicts(cases: Mapping[str, Any], gone: Sequence[bool]) -> dict[str, Any]:
    said = {name: cases[name] for name in VERDICTS if name in cases}
    return {**cases, **_emptied(said, gone)}


def _emptied(columns: Mapping[str, Any], gone: Sequence[bool]) -> dict[str, Any]:
    return {
        name: {**each, "values": [None if out else value for value, out in zip(each["values"], gone, strict=True)]}
        for name, each in columns.items()
    }
