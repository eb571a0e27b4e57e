"""Designs that are weighed: saved, compared, taken back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.samples.models import SampleOption
from survey_server.samples.planning import Frame, Plan, plan_of
from survey_server.samples.strata import Key
from survey_server.samples.wishes import Wish
from survey_server.studies.models import Study
from survey_server.work import Work

MOST = 6
"""So many stand side by side before a page becomes a table of numbers."""


def options_of(work: Work, study_id: uuid.UUID) -> Sequence[SampleOption]:
    """The saved designs of a study, oldest first."""
    query = select(SampleOption).where(SampleOption.study_id == study_id)
    return work.session.exec(query.order_by(col(SampleOption.saved_at), col(SampleOption.name))).all()


def option_of(work: Work, study_id: uuid.UUID, option_id: uuid.UUID) -> SampleOption:
    """One saved design; raises NOT_FOUND."""
    found = work.session.get(SampleOption, option_id)
    if found is None or found.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    return found


def save_option(work: Work, study: Study, name: str, plan: Plan) -> SampleOption:
    """Keep a design to compare it; without a name it gets the next letter. Raises STATE_CONFLICT for too many."""
    known = options_of(work, study.id)
    if len(known) >= MOST:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("six designs are saved already; take one away first"))
    taken = {option.name for option in known}
    letter = next(letter for letter in "ABCDEFG" if letter not in taken)
    option = SampleOption(
        study_id=study.id,
        name=name.strip()[:40] or letter,
        wish=dict(plan.wish.typed),
        takes=[[*stratum.key, stratum.take, stratum.reserve] for stratum in plan.strata],
        saved_at=work.now,
    )
    work.session.add(option)
    record(work, "sample.option", "study", study.id, study_id=study.id, households=plan.households)
    return option


def remove_option(work: Work, study_id: uuid.UUID, option_id: uuid.UUID) -> None:
    """Take a saved design away."""
    work.session.delete(option_of(work, study_id, option_id))
    record(work, "sample.option_removed", "study", study_id, study_id=study_id)


def plan_of_option(frame: Frame, option: SampleOption) -> Plan | None:
    """A saved design as a plan of the frame as it is now; None where the roster has other strata since."""
    takes: Mapping[Key, int] = {(county, category): take for county, category, take, _ in option.takes}
    reserves: Mapping[Key, int] = {(county, category): reserve for county, category, _, reserve in option.takes}
    if any(takes.get(stratum.key, 0) > stratum.population for stratum in frame.strata) or set(takes) != set(
        frame.populations
    ):
        return None
    return plan_of(frame, Wish.read(option.wish), takes, reserves)
