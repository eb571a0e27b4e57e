"""Two counties of one study and the same county of another, each with one of everything that has an address."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_origin

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from survey_server.accounts.models import ApiToken, Device, LoginSession, Passkey, PersonGrant
from survey_server.accounts.service import join_phone, new_phone_link
from survey_server.actors import Actor, Grant, Role
from survey_server.cards import complaints
from survey_server.cards.service import address_of, issue, shown, today
from survey_server.desk.handing_over import hand_over
from survey_server.exports.models import Export
from survey_server.fieldwork.calls import Recall
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import assign
from survey_server.fieldwork.special import draw_checks
from survey_server.findings import service as findings
from survey_server.findings.evidence import take_file as take_finding_file
from survey_server.imports import service as imports
from survey_server.imports.models import PaperForm
from survey_server.privacy.service import cipher_of
from survey_server.public.classes import make_class
from survey_server.rosters.models import Household, RosterFile
from survey_server.samples.models import SampleOption
from survey_server.scores.papers import add_evidence
from survey_server.studies.models import Channel, FormVersion, Purpose, Study
from survey_server.studies.service import add_place
from survey_server.submissions.clues import enter_clue
from survey_server.submissions.models import Submission, SubmissionFile
from survey_server.submissions.service import receive
from survey_server.work import Services, Work
from survey_server.workpapers import comments, documents, interviews
from survey_server.workpapers.models import BaseData, DraftSending, Milestone
from tests.support.studies import OWNER, filled, make_study, person
from tests.survey_server.cards.pictures import JPEG
from tests.survey_server.results.conftest import visit

HERE, THERE = "甲县", "乙县"
TOWN, OTHER_TOWN = "青石镇", "西镇"
MINE, OTHER = "甲评价", "外评价"
WORKERS = {"own": "访员甲", "county": "访员乙", "study": "访员外"}
COUNTS = {(HERE, "1"): 6, (THERE, "1"): 4}
TAKE = {(HERE, "1"): 4, (THERE, "1"): 2}
MOMENT = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
BY_TYPE: Mapping[type, Any] = {
    int: 1,
    bool: False,
    dict: {},
    list: [],
    dt.datetime: MOMENT,
    dt.date: MOMENT.date(),
}


@dataclass(frozen=True)
class Corner:
    """A study, a county in it, and the ids of what lies there by the names that addresses give them."""

    name: str
    study: Study
    county: str
    worker: Actor
    phone: str
    ids: Mapping[str, Any]


@dataclass(frozen=True)
class Corners:
    """What is one's own, what lies in another county of the study, and what lies in another study."""

    own: Corner
    county: Corner
    study: Corner

    @property
    def all(self) -> tuple[Corner, ...]:
        """All three."""
        return self.own, self.county, self.study


def build(services: Services) -> Corners:
    """Make everything, through the services as the pages make it."""
    mine = make_study(services, COUNTS, take=TAKE, reserve=1).study
    other = make_study(services, COUNTS, take=TAKE, reserve=1).study
    with services.write(OWNER) as work:
        for study, name in ((mine, MINE), (other, OTHER)):
            work.session.get_one(Study, study.id).name = name
        _move_one(work, mine)
    return Corners(
        _corner(services, "own", mine, HERE),
        _corner(services, "county", mine, THERE),
        _corner(services, "study", other, HERE),
    )


def _move_one(work: Work, study: Study) -> None:
    """One household of the county lies in another town."""
    query = select(Case).where(Case.study_id == study.id, Case.county == HERE, Case.role == "main")
    case = work.session.exec(query.order_by(col(Case.sample_id).desc())).first()
    assert case is not None
    case.town = OTHER_TOWN
    work.session.get_one(Household, case.household_id).town = OTHER_TOWN


def _corner(services: Services, name: str, study: Study, county: str) -> Corner:
    worker = person(services, Role.INTERVIEWER, username=WORKERS[name], parts=[Grant(study.id, county)])
    assert worker.id is not None
    with services.write(OWNER) as work:
        study = work.session.get_one(Study, study.id)
        here = (Case.study_id == study.id, Case.county == county, Case.town == TOWN, Case.role == "main")
        case = work.session.exec(select(Case).where(*here).order_by(Case.sample_id)).first()
        assert case is not None
        assign(work, study.id, [case.id], worker.id)
        add_place(work, study, label=f"{name}大厅", county=county)
        phone = join_phone(work, new_phone_link(work, worker.id), f"{name}手机")[0]
    answers = filled(services, study, case, visit())
    receive(services, worker, study.id, answers.xml, {}, channel=Channel.VISIT, case_id=case.id)
    sent = imports.upload(services, OWNER, study.id, f"{name}.csv", "您满意吗？\n满意\n".encode())
    holder = person(services, Role.INTERVIEWER, username=f"{worker.name}的同事", parts=[Grant(study.id, county)])
    with services.write(OWNER) as work:
        ids = _ids(work, study, case, worker.id)
        ids["answers_id"] = sent.id
        ids["passkey_id"] = _row(work, Passkey, person_id=holder.id)  # whoever has one signs in in two steps
    return Corner(name, study, county, worker, phone, ids)


def _ids(work: Work, study: Study, case: Case, person_id: uuid.UUID) -> dict[str, Any]:
    """The id of one of each thing; what no service makes at once is a row that fits its table."""
    card = issue(work, study, person_id, JPEG, today(work))
    work.session.flush()
    token = address_of(work, card).rsplit("/", 1)[1]
    receipt = complaints.complain(work, shown(work, token), "来人态度不好", "", None)
    paper = add_evidence(work, study.id, title="台账", file_name="台账.pdf", content=b"%PDF-")
    clue = enter_clue(work, case, "听说有人情保")
    draw = draw_checks(work, study, 1.0)
    known = {"study_id": study.id, "case_id": case.id, "person_id": person_id, "made_by": person_id}
    training = make_class(work, study.id, f"{case.county}培训班", case.county, "2026-09-10")
    work.session.flush()
    forms = work.session.exec(select(FormVersion).where(FormVersion.study_id == study.id)).all()
    visit = next(form for form in forms if form.purpose == Purpose.VISIT.value)
    grant = work.session.exec(select(PersonGrant).where(PersonGrant.person_id == person_id)).one()
    device = work.session.exec(select(Device).where(Device.person_id == person_id)).one()
    rows = {
        "session_id": LoginSession,
        "token_id": ApiToken,
        "file_id": RosterFile,
        "option_id": SampleOption,
    }
    submission = work.session.exec(select(Submission).where(Submission.case_id == case.id)).one()
    handover = hand_over(work, case, "request", "想问一下补贴")
    return {
        "handover_id": handover.id,
        "recording_id": _row(work, SubmissionFile, submission_id=submission.id),
        "recall_id": _row(work, Recall, **known, submission_id=submission.id),
        "study_id": study.id,
        "case_id": case.id,
        "person_id": person_id,
        "grant_id": grant.id,
        "device_id": device.id,
        "card_id": card.id,
        "class_id": training.id,
        "complaint_id": work.vault.read_token(complaints.COMPLAINT, receipt),
        "clue_id": clue.id,
        "draw_id": draw.id,
        "evidence_id": paper.id,
        "export_id": _row(work, Export, **known),
        **_working_papers(work, study, case.county),
        **_finding(work, case),
        "paper_form_id": _row(work, PaperForm, **known, form_version_id=visit.id),
        "version_id": visit.id,
        "form_version_id": visit.id,
        "form_id": visit.form_id,
        "version": visit.version,
        **{name: _row(work, table, **known) for name, table in rows.items()},
    }


def _working_papers(work: Work, study: Study, county: str) -> dict[str, Any]:
    """What an evaluation keeps beside its figures."""
    documents.ask(work, study.id, [county], ["支出明细账"], 5)
    work.session.flush()
    (asked,) = documents.requests_of(work, study.id, county).asked
    file = documents.take_file(work, study.id, asked.row.id, "明细账.pdf", b"%PDF-")
    held = interviews.Held(county, "town", "某镇", today(work), "镇政府", "甲")
    interview = interviews.add_interview(work, study.id, held, [interviews.Answer("funds", "按月发放", "按月发放")])
    comments.send_draft(work, study.id, "征求意见稿", ["民政局"], today(work))
    sending = work.session.exec(select(DraftSending).where(DraftSending.study_id == study.id)).first()
    assert sending is not None
    comment = comments.log_comment(work, study.id, sending.id, part="", text="数据再核对", day=today(work))
    table = BaseData(study_id=study.id, county=county, figures={}, contacts=b"", file_name="自评.xlsx", at=work.now)
    table.contacts = cipher_of(work, study.id).seal(table.id, b"{}")
    milestone = Milestone(study_id=study.id, title="实施", planned_on=today(work))
    work.session.add_all([table, milestone])
    return {
        "document_id": asked.row.id,
        "document_file_id": file.id,
        "interview_id": interview.id,
        "sending_id": sending.id,
        "comment_id": comment.id,
        "table_id": table.id,
        "milestone_id": milestone.id,
    }


def _finding(work: Work, case: Case) -> dict[str, Any]:
    """A problem at the household, with a file that proves it."""
    subject = findings.Subject(case.county, case.town, case.id)
    row = findings.write_down(work, case.study_id, subject, findings.Report("9", "desk", "人口与名册不符"))
    file = take_finding_file(work, case.study_id, row.id, "desk", "户口簿.pdf", b"%PDF-")
    return {"finding_id": row.id, "finding_file_id": file.id}


def _row(work: Work, table: type[SQLModel], **known: object) -> uuid.UUID:
    """A row of this table that belongs to what is known; what else it needs is filled by type."""
    fields = table.model_fields
    values = {name: value for name, value in known.items() if name in fields}
    for name, field in fields.items():
        if name not in values and field.is_required():
            kind = get_origin(field.annotation) or field.annotation
            unique = f"{name} {uuid.uuid4().hex[:8]}"
            values[name] = {str: unique, bytes: unique.encode()}.get(kind) or BY_TYPE[kind]
    row = table(**values)
    work.session.add(row)
    work.session.flush()
    found: uuid.UUID = sa.inspect(row).identity[0]
    return found
