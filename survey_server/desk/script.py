"""The words beside the interview (话术): the usual ones, or a study's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from survey_server.desk.rules import MOST_CHARACTERS

PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Section:
    """A part of the script: what is said, and what to mind."""

    title: str
    said: tuple[str, ...]
    mind: tuple[str, ...]


@cache
def usual() -> str:
    """The usual script: a heading after ``#``, what to mind after ``-``, everything else is said."""
    return resources.files("survey_server.desk").joinpath("scripts/zh.md").read_text("utf-8")


def sections(text: str, values: Mapping[str, str]) -> list[Section]:
    """Read a script, with ``{{company}}``, ``{{staff_no}}``, ``{{client}}`` and ``{{hotline}}`` filled in."""
    filled = PLACE.sub(lambda place: values.get(place[1]) or "……", text[:MOST_CHARACTERS])
    found: list[tuple[str, list[str], list[str]]] = []
    for line in filter(None, map(str.strip, filled.splitlines())):
        if line.startswith("#"):
            found.append((line.lstrip("# "), [], []))
            continue
        if not found:
            found.append(("", [], []))
        _, said, mind = found[-1]
        (mind if line.startswith("-") else said).append(line.removeprefix("-").strip())
    return [Section(title, tuple(said), tuple(mind)) for title, said, mind in found]
