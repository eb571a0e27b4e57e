"""The one list of outcomes (结果代码): our code ↔ AAPOR code ↔ class."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True)
class Outcome:
    """One way in which an attempt ends.

    ``outcome_class`` is complete, partial, refusal, noncontact, other, unknown, deceased or ineligible; ``source``
    says who states it: the interviewer, the desk (话务台), the form's own conclusion (表内推算), or the close of
    fieldwork. ``interim`` outcomes (收尾前待定) leave the case open: a later try decides, else the close of fieldwork.
    """

    code: str
    channel: str
    name: str
    outcome_class: str
    aapor: str
    source: str
    next_step: str
    interim: bool = False


@cache
def load_outcomes() -> Mapping[str, Outcome]:
    """Every outcome by its code, in the order of the list."""
    text = resources.files("analysis.catalog").joinpath("outcomes.csv").read_text("utf-8-sig")
    return MappingProxyType(
        {
            row["code"]: Outcome(
                row["code"],
                row["channel"],
                row["name"],
                row["class"],
                row["aapor"],
                row["source"],
                row["next_step"],
                "待定" in row["in_denominator"],
            )
            for row in csv.DictReader(text.splitlines())
        }
    )
