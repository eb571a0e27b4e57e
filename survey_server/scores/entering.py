"""Entering values, experts' points, comparisons and papers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
from sqlmodel import col, select

from analysis.ahp import Judgement, judge_together
from analysis.errors import ScoringError
from analysis.indicators import Indicator, IndicatorTable
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.scores.models import ExpertScore, PairJudgement, ScoreEntry
from survey_server.scores.tables import source_of
from survey_server.work import Work

MOST_REASON = 2_000
MOST_SAMPLING = 200
MOST_ITEMS = 15
JUDGEMENTS = ("1/9", "1/7", "1/5", "1/3", "1", "3", "5", "7", "9")


def line_of(table: IndicatorTable, key: str) -> Indicator:
    """The line of this name; raises NOT_FOUND."""
    for _, line in table.walk():
        if line.key == key:
            return line
    raise ZoufangError(Problem.NOT_FOUND)


def enter_value(
    work: Work,
    study_id: uuid.UUID,
    line: Indicator,
    county: str,
    *,
    value: Any,  # noqa: ANN401 - by the kind of the rule
    answers: int | None,
    sampling: str = "",
    assessed: bool,
    zero: str,
    reason: str,
    evidence: Sequence[str],
) -> None:
    """Keep what was typed for a line; a value that is typed needs a reason. Raises INVALID_FIELD naming the line."""
    typed = value is not None or zero or not assessed
    if typed and not reason.strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=line.name, why=N_("say where the figure comes from"))
    found = work.session.get(ScoreEntry, (study_id, county, line.key))
    if found is None:
        found = ScoreEntry(study_id=study_id, county=county, indicator=line.key, at=work.now)
    before = {"value": found.value, "assessed": found.assessed, "zero": found.zero}
    found.value, found.answers, found.assessed, found.zero = value, answers, assessed, zero
    found.sampling = sampling.strip()[:MOST_SAMPLING]
    found.reason, found.evidence = reason.strip()[:MOST_REASON], list(evidence)
    found.person_id, found.at = work.person_id, work.now
    work.session.add(found)
    after = {"value": value, "assessed": assessed, "zero": zero}
    record(
        work,
        "score.enter",
        "study",
        study_id,
        study_id=study_id,
        line=line.key,
        county=county,
        before=before,
        after=after,
    )


def clear_value(work: Work, study_id: uuid.UUID, line: Indicator, county: str) -> None:
    """Take back what was typed; the estimate, where there is one, counts again."""
    found = work.session.get(ScoreEntry, (study_id, county, line.key))
    if found is not None:
        work.session.delete(found)
    record(work, "score.clear", "study", study_id, study_id=study_id, line=line.key, county=county)


def give_points(work: Work, study_id: uuid.UUID, line: Indicator, county: str, points: str, reason: str) -> None:
    """An expert's own points for a line scored by judgement; raises INVALID_FIELD."""
    if line.rule is None or line.rule.type != "manual" or work.person_id is None:
        raise ZoufangError(Problem.INVALID_FIELD, field=line.name, why=N_("it is not scored by judgement"))
    try:
        given = Decimal(points.strip())
    except InvalidOperation as error:
        raise ZoufangError(Problem.INVALID_FIELD, field=line.name, why=N_("enter points")) from error
    if not given.is_finite() or given < 0 or (line.weight is not None and given > line.weight):
        raise ZoufangError(Problem.INVALID_FIELD, field=line.name, why=N_("points go from 0 to the weight of the line"))
    if not reason.strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=line.name, why=N_("points by judgement need a reason"))
    found = work.session.get(ExpertScore, (study_id, county, line.key, work.person_id))
    if found is None:
        found = ExpertScore(
            study_id=study_id,
            county=county,
            indicator=line.key,
            person_id=work.person_id,
            points="",
            reason="",
            at=work.now,
        )
    found.points, found.reason, found.at = str(given), reason.strip()[:MOST_REASON], work.now
    work.session.add(found)
    record(work, "score.judge", "study", study_id, study_id=study_id, line=line.key, county=county, points=str(given))


def parts_of(table: IndicatorTable, parent: str) -> list[Indicator]:
    """The lines below a line, or ("") the top ones; raises NOT_FOUND where there are fewer than two."""
    parts = list(table.roots if not parent else line_of(table, parent).children)
    if not 2 <= len(parts) <= MOST_ITEMS:
        raise ZoufangError(Problem.NOT_FOUND)
    return parts


def points_shared(table: IndicatorTable, parent: str) -> Decimal:
    """The points that the parts of a line share; raises NOT_FOUND."""
    return table.total if not parent else line_of(table, parent).weight or Decimal(100)


def pairs_of(names: Sequence[str]) -> list[tuple[str, str]]:
    """Every pair once, in the order of the table."""
    return [(one, other) for at, one in enumerate(names) for other in names[at + 1 :]]


def compare(work: Work, study_id: uuid.UUID, parent: str, names: Sequence[str], given: Mapping[str, str]) -> None:
    """An expert's comparison by pairs; raises INVALID_FIELD naming the pair that is missing."""
    upper = {}
    for one, other in pairs_of(names):
        pair = f"{one}|{other}"
        if given.get(pair) not in JUDGEMENTS:
            raise ZoufangError(Problem.INVALID_FIELD, field=f"{one} : {other}", why=N_("choose one of the list"))
        upper[pair] = given[pair]
    if work.person_id is None:
        raise ZoufangError(Problem.NOT_ALLOWED)
    found = work.session.get(PairJudgement, (study_id, parent, work.person_id))
    if found is None:
        found = PairJudgement(study_id=study_id, parent=parent, person_id=work.person_id, upper={}, at=work.now)
    found.upper, found.at = upper, work.now
    work.session.add(found)
    record(work, "score.compare", "study", study_id, study_id=study_id, parent=parent)


def judgements(work: Work, study_id: uuid.UUID, parent: str) -> Sequence[PairJudgement]:
    """What every expert said of the parts of a line."""
    query = select(PairJudgement).where(PairJudgement.study_id == study_id, PairJudgement.parent == parent)
    return work.session.exec(query.order_by(col(PairJudgement.at))).all()


def judged(names: Sequence[str], given: Sequence[PairJudgement]) -> tuple[Judgement, dict[str, Judgement]] | None:
    """The joint weights and each expert's; what was said before the table changed is left out."""
    pairs = {f"{one}|{other}" for one, other in pairs_of(names)}
    matrices = {str(row.person_id): _matrix(names, row.upper) for row in given if set(row.upper) == pairs}
    try:
        return judge_together(names, matrices) if matrices else None
    except ScoringError:
        return None


def with_weights(table: IndicatorTable, parent: str, points: Mapping[str, Decimal]) -> dict[str, Any]:
    """The mapping of the table in which the parts of a line have these points."""
    source = source_of(table)
    nodes = source["tree"] if not parent else _find(source["tree"], parent)["children"]
    for node in nodes:
        node["weight"] = str(points[node["name"]])
    return source


def _matrix(names: Sequence[str], upper: Mapping[str, str]) -> np.ndarray:
    matrix = np.eye(len(names))
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            if i < j:
                top, _, bottom = upper[f"{one}|{other}"].partition("/")
                matrix[i, j] = float(top) / float(bottom or 1)
                matrix[j, i] = 1 / matrix[i, j]
    return matrix


def _find(nodes: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    for node in nodes:
        if node["name"] == name:
            return node
        if (found := _find(node.get("children", []), name)) != {}:
            return found
    return {}
