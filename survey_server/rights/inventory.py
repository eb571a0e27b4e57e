"""What personal data a study really collects (数据清单): from its roster, its questionnaires' tags and what came in."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from mobile_forms.definition import FormDefinition, Question
from survey_server.errors import N_
from survey_server.fieldwork.calls import CallDraft, CallNumber, Handover, Recall, RecordingMark
from survey_server.fieldwork.models import Attempt
from survey_server.findings.models import Finding
from survey_server.rights.registered import registered
from survey_server.rosters.models import Household, Import, RosterFile
from survey_server.studies.forms import current_form, definition_of
from survey_server.studies.models import FormVersion, Purpose
from survey_server.submissions.models import Clue, Submission, SubmissionFile
from survey_server.work import Work

CLASSES = {
    "pi": N_("personal"),
    "spi": N_("sensitive"),
    "child": N_("sensitive: a child under 14"),
    "geo": N_("sensitive: whereabouts"),
}
"""The tag ``zf:pipl`` in words; 个人信息保护法 28."""
SENSITIVE = frozenset({"spi", "child", "geo"})
DUTY = N_("the client's statutory duty; roster handed over under the contract")
CONSENT = N_("consent")
APART = N_("consent for that purpose alone")
FIELD_STAFF = N_("interviewer of the household; operator when dialling")
OFFICE = N_("evaluation team, with a recorded reason")
UNTIL_CLOSING = N_("until the study is closed")


@dataclass(frozen=True)
class Item:
    """One kind of personal data. Words are English msgids; ``fields`` are questions as they are asked."""

    name: str
    pipl: str
    count: int
    why: str
    basis: str
    seen_by: str
    kept: str
    fields: Sequence[str] = field(default_factory=tuple)

    @property
    def sensitive(self) -> bool:
        """Whether it is sensitive (个人信息保护法 28)."""
        return self.pipl in SENSITIVE

    @property
    def class_name(self) -> str:
        """Its class in words (an English msgid)."""
        return CLASSES[self.pipl]


def inventory(work: Work, study_id: uuid.UUID) -> list[Item]:
    """Every kind of personal data that is there or that a current questionnaire asks for."""
    return [
        *_of_roster(work, study_id),
        *_of_fieldwork(work, study_id),
        *_of_desk(work, study_id),
        *_of_forms(work, study_id),
        *_of_rooms(work, study_id),
    ]


def records_by_channel(work: Work, study_id: uuid.UUID) -> dict[str, int]:
    """How many records came by each channel and stand."""
    query = (
        sa.select(col(Submission.channel), sa.func.count())
        .where(col(Submission.study_id) == study_id, col(Submission.withdrawn_at).is_(None))
        .group_by(Submission.channel)
        .order_by(Submission.channel)
    )
    return {str(channel): int(count) for channel, count in work.session.execute(query)}


def _of_roster(work: Work, study_id: uuid.UUID) -> Iterator[Item]:
    def there(*conditions: sa.ColumnElement[bool]) -> int:
        return _count(work, Household, col(Household.study_id) == study_id, *conditions)

    find = N_("to find and address the household")
    yield Item(N_("Name, address"), "pi", there(), find, DUTY, FIELD_STAFF, UNTIL_CLOSING)
    yield Item(
        N_("Telephone"), "pi", there(col(Household.phone_index).is_not(None)), find, DUTY, FIELD_STAFF, UNTIL_CLOSING
    )
    yield Item(
        N_("ID number (keyed index and last four digits)"),
        "pi",
        there(col(Household.id_index).is_not(None)),
        N_("to find duplicates in the roster"),
        DUTY,
        N_("nobody in full"),
        UNTIL_CLOSING,
    )
    yield Item(
        N_("Date of birth (from the ID number)"),
        "pi",
        there(col(Household.id_index).is_not(None)),
        N_("to find households whose age speaks against the roster"),
        DUTY,
        N_("nobody: only compared"),
        UNTIL_CLOSING,
    )
    if _has_coordinates(work, study_id):
        why = N_("to draw the map of villages on task lists")
        yield Item(
            N_("Coordinates of the home"),
            "geo",
            there(),
            why,
            DUTY,
            N_("nobody: villages alone are drawn"),
            UNTIL_CLOSING,
        )
    compare = N_("to draw by strata and to check payments")
    yield Item(N_("Category and amount of assistance"), "spi", there(), compare, DUTY, FIELD_STAFF, UNTIL_CLOSING)
    files = _count(work, RosterFile, col(RosterFile.study_id) == study_id)
    if files:
        until = N_("until the sample is drawn")
        yield Item(N_("Roster files as uploaded"), "spi", files, compare, DUTY, N_("nobody after import"), until)


def _has_coordinates(work: Work, study_id: uuid.UUID) -> bool:
    """Whether the rosters that the frame was taken from have a column of them."""
    taken = select(Import.report).where(Import.study_id == study_id, col(Import.taken_at).is_not(None))
    report = work.session.exec(taken.order_by(col(Import.taken_at).desc())).first() or {}
    columns = [column for table in report.get("tables", {}).values() for column in table]
    return any(column["field"] in ("lon", "lat", "position") for column in columns)


def _of_fieldwork(work: Work, study_id: uuid.UUID) -> Iterator[Item]:
    notes = _count(work, Attempt, col(Attempt.study_id) == study_id, col(Attempt.note).is_not(None))
    if notes:
        why = N_("to reach the household at the right time")
        yield Item(N_("Notes of visits and calls"), "pi", notes, why, CONSENT, OFFICE, UNTIL_CLOSING)
    clues = _count(work, Clue, col(Clue.study_id) == study_id)
    if clues:
        why = N_("to hand clues over to the channel that the client named")
        yield Item(N_("Sealed clues"), "spi", clues, why, CONSENT, N_("the named few"), N_("until handed over"))
    findings = _count(work, Finding, col(Finding.study_id) == study_id, col(Finding.withdrawn_at).is_(None))
    if findings:
        why = N_("to have problems verified and answered by the bureau")
        yield Item(N_("Findings and their evidence"), "spi", findings, why, CONSENT, OFFICE, UNTIL_CLOSING)


def _of_desk(work: Work, study_id: uuid.UUID) -> Iterator[Item]:
    kinds = (
        (CallNumber, N_("Telephone numbers of the call desk, with those learnt on the way"), "pi", FIELD_STAFF),
        (CallDraft, N_("Telephone interviews under way"), "spi", N_("operators of the study")),
        (Handover, N_("Requests and complaints handed to the bureau"), "spi", OFFICE),
        (Recall, N_("Answers to calls for a check"), "spi", OFFICE),
        (RecordingMark, N_("Remarks on recordings"), "pi", OFFICE),
    )
    reasons = {
        CallNumber: N_("to reach the household at the right time"),
        CallDraft: N_("to go on where the line broke"),
        Handover: N_("to have them dealt with"),
    }
    for table, name, pipl, seen in kinds:
        if count := _count(work, table, col(table.study_id) == study_id):
            why = reasons.get(table, N_("to check the work of interviewers"))
            yield Item(name, pipl, count, why, CONSENT, seen, UNTIL_CLOSING)


def _of_rooms(work: Work, study_id: uuid.UUID) -> Iterator[Item]:
    """What rooms above this one keep, as they registered it."""
    for kept in registered():
        if count := _count(work, kept.table, kept.of(study_id)):
            yield Item(kept.name, kept.pipl, count, kept.why, kept.basis, kept.seen_by, kept.until)


def _of_forms(work: Work, study_id: uuid.UUID) -> Iterator[Item]:
    for purpose in Purpose:
        version = current_form(work, study_id, purpose)
        if version is None:
            continue
        form = definition_of(version)
        records = _records(work, study_id, form.form_id)
        for pipl in CLASSES:
            asked = [question for question in form.by_pipl(pipl) if question.role != "case" and not question.takes_file]
            if asked:
                yield _asked(version.title, pipl, records, form, asked)
        yield from _files(work, study_id, version.title, form)


def _asked(title: str, pipl: str, records: int, form: FormDefinition, asked: Sequence[Question]) -> Item:
    fields = [_label(form, question) for question in asked]
    why = N_("to check how assistance is given, and what people know and think of it")
    seen = N_("whoever is approved, each time recorded") if pipl == "child" else OFFICE
    return Item(title, pipl, records, why, CONSENT, seen, UNTIL_CLOSING, [label for label in fields if label])


def _files(work: Work, study_id: uuid.UUID, title: str, form: FormDefinition) -> Iterator[Item]:
    asked = [question for question in form.questions if question.takes_file]
    if not asked:
        return
    query = (
        sa.select(sa.func.count())
        .select_from(SubmissionFile)
        .join(Submission, col(Submission.id) == col(SubmissionFile.submission_id))
        .where(col(Submission.study_id) == study_id)
    )
    count = work.session.execute(query).scalar_one()
    fields = [_label(form, question) for question in asked]
    why, kept = N_("to prove a visit and to check interviewers"), N_("until the work is accepted")
    yield Item(title, "spi", count, why, APART, OFFICE, kept, fields)


def _records(work: Work, study_id: uuid.UUID, form_id: str) -> int:
    query = (
        sa.select(sa.func.count())
        .select_from(Submission)
        .join(FormVersion, col(FormVersion.id) == col(Submission.form_version_id))
        .where(
            col(Submission.study_id) == study_id,
            col(FormVersion.form_id) == form_id,
            col(Submission.withdrawn_at).is_(None),
        )
    )
    return work.session.execute(query).scalar_one()


def _count(work: Work, table: type[SQLModel], *where: sa.ColumnElement[bool]) -> int:
    return work.session.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one()


def _label(form: FormDefinition, question: Question) -> str:
    text = question.label.get(form.default_language)
    return text.plain if text else ""
