"""What an issued report pins beside its data, and what is computed from it again."""

from __future__ import annotations

import datetime as dt
import platform
import uuid
from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata, resources
from typing import Any

import numpy as np
import scipy

from analysis.indicators import table_from
from survey_server import __version__
from survey_server.reports import snapshot as snapshots
from survey_server.reports.service import SCORES
from survey_server.reports.tables import TABLES, score_table
from survey_server.results.estimates import estimate
from survey_server.results.service import Results, assemble
from survey_server.scores.models import ExpertScore, ScoreEntry
from survey_server.scores.sheet import Card, entered, make_card
from survey_server.scores.tables import source_of, table_of
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.work import Work

ENTRY = ("county", "indicator", "value", "answers", "sampling", "assessed", "zero", "reason", "evidence")


def recompute(work: Work, snapshot: Mapping[str, Any]) -> tuple[Results, Card]:
    """What the snapshot says, by the program as it is now: the same functions that made it."""
    study_id = uuid.UUID(snapshot["study"]["id"])
    kept = study_of(work, study_id).model_dump()
    study = Study(**kept | {name: snapshot["study"][name] for name in ("name", "client", "company", "practice")})
    study.definitions, study.indicator_table = snapshot["definitions"], snapshot["indicator_table"]
    results = replace(
        assemble(work, study, snapshots.dataset_of(snapshot["data"])),
        issue=snapshot["issue"]["number"],
        computed_at=dt.datetime.fromisoformat(snapshot["issue"]["at"]),
        open_answers=[(word, count) for word, count in snapshot["open_answers"]],
    )
    return results, _card(snapshot, results)


def figures_of(results: Results) -> list[dict[str, Any]]:
    """Every figure to its last digit (floats in the digits that give back the same float) and as it is printed."""
    raw = estimate(results.dataset, results.study.definitions)
    found = []
    for row in raw.to_dict("records"):
        names = {name: row[name] for name in ("metric", "denominator", "domain", "county", "category")}
        figure = results.figures.get(**names)
        exact = {name: snapshots.plain(row[name]) for name in ("estimate", "se", "low", "high", "n", "yes")}
        printed = {"text": figure.text, "interval": figure.interval_text, "counts": figure.counts_text}
        found.append({**figure.keys, **exact, **printed, "method": str(row["method"])})
    return found


def tables_of(results: Results, card: Card) -> dict[str, list[list[Any]]]:
    """The rows of the common tables, to their last digit."""
    made = {name: write(results) for name, write in TABLES.items()} | {SCORES: score_table(results, card)}
    return {name: [[snapshots.plain(cell) for cell in row] for row in table.rows] for name, table in made.items()}


def software() -> dict[str, str]:
    """The versions of what computes."""
    versions = {name: metadata.version(name) for name in ("pandas", "pyxform")}
    found = {"zoufang": __version__, "python": platform.python_version(), "numpy": np.__version__}
    return found | {"scipy": scipy.__version__} | versions


def pin(work: Work, live: Results, issue: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot without its figures yet: definitions, design, what was entered, the data, and what computes."""
    return {
        "issue": dict(issue),
        **_definitions(live),
        **_entered(work, study_of(work, live.study.id)),
        "open_answers": [list(pair) for pair in live.open_answers],
        "software": software(),
        "data": dict(data),
    }


def _definitions(results: Results) -> dict[str, Any]:
    study, draw = results.study, results.draw
    names = ("name", "client", "company", "practice")
    metrics = resources.files("analysis.catalog").joinpath("metrics.yaml").read_text("utf-8")
    design = {
        "seed": draw.seed if draw else "",
        "design": draw.design if draw else {},
        "certificate": results.certificate_digest,
        "frame": str(draw.certificate["frame"]["digest"]) if draw else "",
        "locked_at": study.locked_at.isoformat() if study.locked_at else "",
    }
    return {
        "study": {"id": str(study.id), **{name: getattr(study, name) for name in names}},
        "definitions": dict(study.definitions),
        "indicator_table": study.indicator_table,
        "metrics": metrics,
        "design": design,
    }


def _entered(work: Work, study: Study) -> dict[str, Any]:
    """The indicator table and what was entered in it; experts by number, not by name."""
    entries, experts = entered(work, study.id)
    people = sorted({str(row.person_id) for rows in experts.values() for row in rows})
    return {
        "table": source_of(table_of(work, study)),
        "entries": [{name: getattr(row, name) for name in ENTRY} for row in entries.values()],
        "experts": [
            {
                "county": row.county,
                "indicator": row.indicator,
                "expert": people.index(str(row.person_id)) + 1,
                "points": row.points,
                "reason": row.reason,
            }
            for rows in experts.values()
            for row in rows
        ],
    }


def _card(snapshot: Mapping[str, Any], results: Results) -> Card:
    study_id, moment = results.study.id, results.computed_at
    entries = {
        (row["county"], row["indicator"]): ScoreEntry(study_id=study_id, at=moment, **row)
        for row in snapshot["entries"]
    }
    experts: dict[tuple[str, str], list[ExpertScore]] = {}
    for row in snapshot["experts"]:
        fields = {name: row[name] for name in ("county", "indicator", "points", "reason")}
        one = ExpertScore(study_id=study_id, at=moment, person_id=uuid.UUID(int=row["expert"]), **fields)
        experts.setdefault((row["county"], row["indicator"]), []).append(one)
    return make_card(table_from(snapshot["table"]), results, "", entries, experts)
