"""Cases: who asks them, what was tried, what came of it; and the facts that a form is given of a household."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlmodel import col, select

from analysis.outcomes import load_outcomes
from survey_server.accounts.people import reach_of_interviewer
from survey_server.actors import Grant, within
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Attempt, Case, Status
from survey_server.privacy.service import cipher_of, mask_name
from survey_server.rosters.models import Household
from survey_server.studies.models import Channel
from survey_server.work import Work

FINAL_CLASSES = frozenset({"complete", "partial", "refusal", "deceased", "ineligible"})


@dataclass(frozen=True)
class CaseFacts:
    """A case with what the roster says of its household, opened."""

    case: Case
    household: Household
    personal: Mapping[str, object]

    @property
    def name(self) -> str:
        """The head of the household, in full."""
        return str(self.personal.get("name") or "")

    @property
    def phones(self) -> list[str]:
        """Telephone numbers, the best first."""
        phones = self.personal.get("phones")
        return [str(number) for number in phones] if isinstance(phones, list) else []

    @property
    def address(self) -> str:
        """Where the household lives."""
        return str(self.personal.get("address") or "")

    def as_item(self) -> dict[str, str]:
        """This household as a row of the form's ``households.csv`` (content README: 名册事实)."""
        home = self.household
        facts = {
            "name": self.case.sample_id,
            "label": f"{self.case.sample_id} {home.town}{home.village} {mask_name(self.name)}",
            "p_county": home.county,
            "p_town": home.town,
            "p_village": home.village,
            "p_area": home.area,
            "p_surname": self.name[:1],
            "p_category": home.category,
            "p_category_name": home.category_name,
            "p_persons": home.persons,
            "p_family": home.family,
            "p_monthly": None if home.monthly is None else int(home.monthly),
            "p_amount": self.personal.get("amount"),
            "p_standard": home.standard,
            "p_standard_year": home.standard_year,
        }
        return {name: "" if value is None else str(value) for name, value in facts.items()}

    def as_public_item(self) -> dict[str, str]:
        """The same for a visitor's own browser: without the amount and the category, which no question there needs."""
        return self.as_item() | {"label": self.case.sample_id, "p_amount": "", "p_category_name": ""}


def cases_of(work: Work, study_id: uuid.UUID) -> Sequence[Case]:
    """Every case of a study, in the order of its sample numbers."""
    query = select(Case).where(Case.study_id == study_id).order_by(Case.sample_id)
    return work.session.exec(query).all()


def place_of(case: Case) -> Grant:
    """Where a case lies, as a grant names it."""
    return Grant(case.study_id, case.county, case.town)


def case_of(work: Work, case_id: uuid.UUID) -> Case:
    """The case; raises NOT_FOUND."""
    case = work.session.get(Case, case_id)
    if case is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return case


def facts_of(work: Work, study_id: uuid.UUID, case_ids: Collection[uuid.UUID]) -> list[CaseFacts]:
    """Open the roster facts of these cases, in the order of their sample numbers."""
    cipher = cipher_of(work, study_id)
    query = (
        select(Case, Household)
        .join(Household, col(Household.id) == Case.household_id)
        .where(Case.study_id == study_id, col(Case.id).in_(case_ids))
        .order_by(Case.sample_id)
    )
    return [
        CaseFacts(case, home, json.loads(cipher.open(home.id, home.personal)))
        for case, home in work.session.exec(query).all()
    ]


def write_csv(rows: Sequence[dict[str, str]]) -> bytes:
    """Rows as the CSV that a form reads; an empty list keeps its two columns that every form needs."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["name", "label"])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def active_cases_of_interviewer(work: Work, person_id: uuid.UUID) -> Sequence[Case]:
    """The released cases assigned to an interviewer, in every study."""
    query = select(Case).where(
        Case.interviewer_id == person_id, col(Case.released_at).is_not(None), col(Case.withdrawn_at).is_(None)
    )
    return work.session.exec(query.order_by(col(Case.study_id), col(Case.sample_id))).all()


def assign(work: Work, study_id: uuid.UUID, case_ids: Collection[uuid.UUID], person_id: uuid.UUID | None) -> int:
    """Give cases to an interviewer (or to nobody); returns how many. Raises INVALID_FIELD outside of their reach."""
    query = select(Case).where(Case.study_id == study_id, col(Case.id).in_(case_ids), col(Case.withdrawn_at).is_(None))
    cases = work.session.exec(query).all()
    reach = reach_of_interviewer(work, person_id) if person_id else None
    if not all(within(reach, place_of(case)) for case in cases):
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Interviewer"), why=N_("this person may not work there"))
    for case in cases:
        case.interviewer_id = person_id
    record(work, "case.assign", "person", person_id, study_id=study_id, cases=len(cases))
    return len(cases)


def assign_evenly(work: Work, study_id: uuid.UUID, person_ids: Sequence[uuid.UUID]) -> int:
    """Share the released, unassigned cases among those who may work there; returns how many found somebody.

    A village goes whole to one person, so that they walk and do not drive.
    """
    query = (
        select(Case, Household.county, Household.town, Household.village)
        .join(Household, col(Household.id) == Case.household_id)
        .where(
            Case.study_id == study_id,
            col(Case.released_at).is_not(None),
            col(Case.interviewer_id).is_(None),
            col(Case.withdrawn_at).is_(None),
        )
        .order_by(Household.county, Household.town, Household.village, Case.sample_id)
    )
    cases = work.session.exec(query).all()
    reaches = {person_id: reach_of_interviewer(work, person_id) for person_id in person_ids}
    together: dict[tuple[uuid.UUID, ...], list[tuple[Case, str, str, str]]] = {}
    for line in cases:
        able = tuple(person_id for person_id in person_ids if within(reaches[person_id], place_of(line[0])))
        together.setdefault(able, []).append(tuple(line))
    together.pop((), None)
    for able, lines in together.items():
        _share(able, lines)
    shared = sum(map(len, together.values()))
    record(work, "case.assign", "study", study_id, study_id=study_id, cases=shared, people=len(person_ids))
    return shared


def _share(person_ids: Sequence[uuid.UUID], lines: Sequence[tuple[Case, str, str, str]]) -> None:
    before = 0
    for _village, there in groupby(lines, key=lambda line: line[1:]):
        cases = [case for case, *_ in there]
        middle = before + (len(cases) - 1) / 2
        for case in cases:
            case.interviewer_id = person_ids[int(middle * len(person_ids) / len(lines))]
        before += len(cases)


def note_attempt(
    work: Work,
    case: Case,
    *,
    channel: Channel,
    outcome: str,
    instance_id: str | None = None,
    due_at: dt.datetime | None = None,
    note: str = "",
) -> Attempt:
    """Write down one try and its outcome (a code of the one list), and move the case on.

    ``instance_id`` names the answers that say so; they are kept once, so their try is written down once.
    Raises INVALID_FIELD for a code that is not in the list.
    """
    known = load_outcomes().get(outcome)
    if known is None:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Outcome"), why=N_("choose one of the list"))
    attempt = Attempt(
        study_id=case.study_id,
        case_id=case.id,
        person_id=work.person_id,
        channel=channel.value,
        outcome=outcome,
        outcome_class=known.outcome_class,
        at=work.now,
        due_at=due_at,
        instance_id=instance_id,
    )
    if note:
        attempt.note = cipher_of(work, case.study_id).seal(attempt.id, note.encode())
    work.session.add(attempt)
    _move_on(case, attempt)
    work.session.add(case)
    record(work, "attempt", "case", case.id, study_id=case.study_id, outcome=outcome, channel=channel.value)
    return attempt


def attempts_of(work: Work, case_id: uuid.UUID) -> Sequence[Attempt]:
    """The tries at one case, oldest first."""
    return work.session.exec(select(Attempt).where(Attempt.case_id == case_id).order_by(col(Attempt.at))).all()


def retract_attempts(work: Work, study_id: uuid.UUID, instance_ids: Sequence[str]) -> None:
    """Forget the tries that these answers wrote down; their cases stand as their other tries left them."""
    query = select(Attempt).where(Attempt.study_id == study_id, col(Attempt.instance_id).in_(instance_ids))
    gone = work.session.exec(query).all()
    touched = {attempt.case_id for attempt in gone}
    for attempt in gone:
        work.session.delete(attempt)
    work.session.flush()
    cases = work.session.exec(select(Case).where(col(Case.id).in_(touched), col(Case.withdrawn_at).is_(None))).all()
    left = work.session.exec(select(Attempt).where(col(Attempt.case_id).in_(touched)).order_by(col(Attempt.at))).all()
    for case in cases:
        case.attempts, case.status = 0, Status.TODO.value
        case.outcome = case.outcome_class = case.outcome_channel = case.last_attempt_at = case.due_at = None
        for attempt in left:
            if attempt.case_id == case.id:
                _move_on(case, attempt)
        work.session.add(case)


_RANK = ("complete", "partial", "deceased", "ineligible", "refusal", "noncontact", "other", "unknown")


def _move_on(case: Case, attempt: Attempt) -> None:
    """The case keeps the best outcome so far; a complete interview is not undone by a later failed try."""
    case.attempts += 1
    case.last_attempt_at = attempt.at
    case.due_at = attempt.due_at
    if case.outcome_class is None or _RANK.index(attempt.outcome_class) <= _RANK.index(case.outcome_class):
        case.outcome = attempt.outcome
        case.outcome_class = attempt.outcome_class
        case.outcome_channel = attempt.channel
    if case.outcome_class in FINAL_CLASSES and not load_outcomes()[case.outcome or ""].interim:
        case.status = Status.DONE.value
    else:
        case.status = (Status.TODO if attempt.due_at is None else Status.APPOINTMENT).value
    case.locked_until, case.operator_id = None, None
