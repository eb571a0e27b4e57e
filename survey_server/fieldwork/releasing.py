"""The release of reserves (备用样本): for a reason, in their order, and so that weights stay right.

A refusal is not replaced one by one: reserves are for a stratum that cannot be reached, or come as whole replicates.
Who was given out stays in the response rate. After a release every issued household of the stratum has the probability
that a larger take would have given it (see ``sampling.reserves``).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from sqlmodel import col, select

from sampling import ReleaseError, check_release, release
from survey_server.audit.models import Event
from survey_server.audit.service import events_of, record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case, Status
from survey_server.fieldwork.service import FINAL_CLASSES
from survey_server.rosters.models import Household
from survey_server.samples.impossible import stratum_words
from survey_server.samples.models import Draw
from survey_server.samples.service import drawn_of, redraw
from survey_server.samples.strata import Key
from survey_server.studies.models import Study
from survey_server.work import Work

Cell = tuple[str, ...]
RELEASE, REPLICATE = "reserve.release", "reserve.replicate"
REPLICATES = 5
"""A reserve is cut into so many whole replicates."""
REASONS = (
    N_("moved away or emptied village"),
    N_("nobody met after all tries"),
    N_("died or no longer receiving"),
    N_("place cannot be reached (flood, snow, closed road)"),
    N_("fewer answers than the contract asks for"),
)


@dataclass(frozen=True)
class Line:
    """A case with its household's number in the frame."""

    case: Case
    unit_id: str


@dataclass(frozen=True)
class StratumReserve:
    """How a stratum stands: issued, answered, open cases with too few tries, and what is left in reserve."""

    key: Key
    name: str
    issued: int
    complete: int
    short: int
    left: int


def release_reserves(work: Work, study: Study, key: Key, count: int, reason: str, *, attempts: int = 0) -> list[Case]:
    """Give out a stratum's next ``count`` reserves in their order (of each of its villages, where villages were drawn).

    ``attempts`` is how often every open case must have been tried. Raises INVALID_FIELD, STATE_CONFLICT.
    """
    if count < 1:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("How many"), why=N_("type a number"))
    lines = [line for line in _lines(work, study.id) if (line.case.county, line.case.category) == key]
    _check(lines, reason, attempts)
    drawn = drawn_of(work, study.id)
    waiting = _waiting(drawn, lines)
    chosen = {cell: units[:count] for cell, units in waiting.items() if cell[:2] == key}
    if not any(chosen.values()) or (not drawn.design.get("stages") and len(chosen[key]) < count):
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this stratum has not so many reserves left"))
    cases = _give_out(work, drawn, lines, chosen)
    _record(work, study, RELEASE, cases, reason, stratum=list(key))
    return cases


def release_replicate(work: Work, study: Study, reason: str, *, attempts: int = 0) -> list[Case]:
    """Give out the next whole replicate: a fifth of every stratum's reserve. Raises as ``release_reserves`` does."""
    lines = _lines(work, study.id)
    _check(lines, reason, attempts)
    drawn, number = drawn_of(work, study.id), replicates_released(work, study.id) + 1
    if number > REPLICATES:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("all replicates were given out"))
    waiting, chosen = _waiting(drawn, lines), {}
    for cell, reserve in _reserves(drawn).items():
        given = len(reserve) - len(waiting[cell])
        chosen[cell] = waiting[cell][: max(0, len(reserve) * number // REPLICATES - given)]
    cases = _give_out(work, drawn, lines, chosen)
    _record(work, study, REPLICATE, cases, reason, replicate=number, of=REPLICATES)
    return cases


def replicates_released(work: Work, study_id: uuid.UUID) -> int:
    """How many whole replicates were given out."""
    return sum(event.action == REPLICATE for event in events_of(work, "study", study_id))


def releases_of(work: Work, study_id: uuid.UUID) -> list[Event]:
    """Every release that was recorded, oldest first."""
    return [event for event in events_of(work, "study", study_id) if event.action in {RELEASE, REPLICATE}]


def reserves_of(work: Work, study_id: uuid.UUID, attempts: int) -> list[StratumReserve]:
    """How each stratum stands, by its name."""
    by_stratum: dict[Key, list[Case]] = {}
    for line in _lines(work, study_id):
        by_stratum.setdefault((line.case.county, line.case.category), []).append(line.case)
    return [_standing(key, cases, attempts) for key, cases in sorted(by_stratum.items())]


def _standing(key: Key, cases: Sequence[Case], attempts: int) -> StratumReserve:
    issued = [case for case in cases if case.released_at is not None]
    return StratumReserve(
        key,
        stratum_words(key),
        len(issued),
        sum(case.outcome_class == "complete" for case in issued),
        sum(not _closed(case) and case.attempts < attempts for case in issued),
        len(cases) - len(issued),
    )


def _closed(case: Case) -> bool:
    return case.status == Status.DONE.value or case.outcome_class in FINAL_CLASSES


def _lines(work: Work, study_id: uuid.UUID) -> list[Line]:
    query = (
        select(Case, Household.unit_id)
        .join(Household, col(Household.id) == Case.household_id)
        .where(Case.study_id == study_id)
    )
    return [Line(case, unit_id) for case, unit_id in work.session.exec(query)]


def _check(lines: Sequence[Line], reason: str, attempts: int) -> None:
    issued = [line.case for line in lines if line.case.released_at is not None]
    table = pd.DataFrame({"attempts": [case.attempts for case in issued], "closed": [_closed(case) for case in issued]})
    try:
        check_release(table, reason, attempts=attempts)
    except ReleaseError as error:
        if error.code == "reason_missing":
            raise ZoufangError(Problem.INVALID_FIELD, field=N_("Reason"), why=N_("it is empty")) from error
        raise ZoufangError(
            Problem.STATE_CONFLICT, why=N_("open households have not had the tries that the protocol asks for")
        ) from error


def _reserves(drawn: Draw) -> dict[Cell, list[str]]:
    """The reserve of each stratum, or chosen village, in its order."""
    return {tuple(row["stratum"]): row["reserve"] for row in drawn.certificate["selected"]}


def _waiting(drawn: Draw, lines: Sequence[Line]) -> dict[Cell, list[str]]:
    issued = {line.unit_id for line in lines if line.case.released_at is not None}
    return {cell: [unit for unit in units if unit not in issued] for cell, units in _reserves(drawn).items()}


def _give_out(work: Work, drawn: Draw, lines: Sequence[Line], chosen: Mapping[Cell, Sequence[str]]) -> list[Case]:
    """Release these, and give every issued case of their strata the probability of the larger take."""
    now_out = {unit for units in chosen.values() for unit in units}
    cases = [line.case for line in lines if line.unit_id in now_out]
    for case in cases:
        case.released_at = work.now
        work.session.add(case)
    strata = {(case.county, case.category) for case in cases}
    changed = [line for line in lines if (line.case.county, line.case.category) in strata and line.case.released_at]
    probability = _probabilities(work, drawn, lines, changed)
    for line in changed:
        line.case.probability = probability[line.unit_id]
        work.session.add(line.case)
    return sorted(cases, key=lambda case: (case.county, case.category, case.draw_order))


def _probabilities(work: Work, drawn: Draw, lines: Sequence[Line], changed: Sequence[Line]) -> dict[str, float]:
    if drawn.design["method"] == "srs" and not drawn.design.get("stages"):
        issued = pd.Series([line.case.stratum for line in changed]).value_counts().to_dict()
        return {line.unit_id: issued[line.case.stratum] / line.case.population for line in changed}
    issued_units = {line.unit_id for line in lines if line.case.released_at is not None}
    counts = {cell: sum(unit in issued_units for unit in units) for cell, units in _reserves(drawn).items()}
    with work.services.read() as everywhere:  # a draw is of the whole frame, whoever gives its reserves out
        again = redraw(everywhere, drawn)
    table = release(again, counts)
    return dict(zip(table["unit_id"], table["probability"].astype(float), strict=True))


def _record(work: Work, study: Study, action: str, cases: Sequence[Case], reason: str, **details: object) -> None:
    numbers = [case.sample_id for case in cases]
    record(work, action, "study", study.id, study_id=study.id, cases=numbers, reason=reason.strip(), **details)
