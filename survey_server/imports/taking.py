"""Rows handed in by the one door, in the background: progress shown, stopped and begun again without a row twice.

Each row's instanceID is made from its file and its number, so that a row that is handed in again is known. A row whose
words came before, in this file or an earlier one that stands, is not taken twice: a longer export adds its new rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import col, select

from mobile_forms.answers import Rules
from survey_server import outbox
from survey_server.accounts.people import member_of
from survey_server.actors import SYSTEM, Actor
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.service import facts_of
from survey_server.imports.instances import DroppedRowError, Reader, instance
from survey_server.imports.items import moments
from survey_server.imports.linking import Finder, finder
from survey_server.imports.models import AnswerFile, AnswerRow, FileState, Linking, RowState
from survey_server.imports.service import Opened, decisions_of, form_of, open_file, require_open, require_waiting
from survey_server.studies.forms import rules_of
from survey_server.studies.models import Channel, Place, Purpose
from survey_server.studies.service import add_place, study_of
from survey_server.submissions.service import receive
from survey_server.work import Services, Work

TAKE = "answers.take"
"""The outbox row that asks for a file's next rows to be taken."""
AT_ONCE = 1_000
"""So many rows an outbox row; then the next waits its turn among what else is to be done."""
BATCH = 25
"""So many rows between two marks of progress."""


@dataclass(frozen=True)
class _Row:
    number: int
    cells: Sequence[str]
    digest: str


@dataclass(frozen=True)
class _Taker:
    """All that rows of one file need."""

    services: Services
    actor: Actor
    opened: Opened
    reader: Reader
    rules: Rules
    lists: Mapping[uuid.UUID, dict[str, str]]
    finder: Finder | None
    place: Place | None


def start(work: Work, file: AnswerFile) -> None:
    """Have the file's answers taken by the worker; raises STATE_CONFLICT, STUDY_CLOSED."""
    study = study_of(work, file.study_id)
    require_open(study)
    require_waiting(file)
    form = form_of(work, file)
    if form is None or not any(match.target for match in decisions_of(work, file).columns.values()):
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("no column is matched to a question yet"))
    if file.linking == Linking.VOLUNTEERS and file.place_id is None:
        place = add_place(work, study, label=file.name[:60], county="", purpose=Purpose(form.purpose))
        work.session.flush()
        file.place_id = place.id
    file.state, file.taken_at, file.person_id = FileState.TAKING.value, work.now, work.person_id
    work.session.add(file)
    record(work, "answers.take", "answer_file", file.id, study_id=file.study_id, rows=file.total)
    outbox.put(work, TAKE, file_id=str(file.id))


def handle_take(services: Services, payload: Mapping[str, Any]) -> None:
    """The outbox's handler of `TAKE`: the next rows, on behalf of whoever asked, held to their reach."""
    file_id = uuid.UUID(payload["file_id"])
    with services.read(SYSTEM) as work:
        file = work.session.get(AnswerFile, file_id)
        if file is None or file.state != FileState.TAKING:
            return
        reach = member_of(work, file.person_id).reach if file.person_id else None
    actor = Actor("system", reach=reach)
    with services.read(actor) as work:
        opened = open_file(work, work.session.get_one(AnswerFile, file_id))
        waiting = _waiting(work, opened)
        now_taken = waiting[:AT_ONCE]
        taker = _taker(work, services, actor, opened, now_taken)
    for start_at in range(0, len(now_taken), BATCH):
        _take_batch(taker, now_taken[start_at : start_at + BATCH])
    with services.write(actor) as work:
        _finish(work, file_id, more=len(waiting) > AT_ONCE)


def _waiting(work: Work, opened: Opened) -> list[_Row]:
    """The rows that nothing became of yet."""
    query = select(AnswerRow.row).where(AnswerRow.file_id == opened.file.id)
    done = set(work.session.exec(query).all())
    fingerprint = work.vault.fingerprint
    return [
        _Row(number, cells, fingerprint("\x1f".join((opened.file.fingerprint, *cells)).encode())[:40])
        for number, cells in opened.table.rows.items()
        if number not in done
    ]


def _taker(work: Work, services: Services, actor: Actor, opened: Opened, rows: Sequence[_Row]) -> _Taker:
    file, form = opened.file, form_of(work, opened.file)
    if form is None:
        raise ZoufangError(Problem.NOT_FOUND)
    rules, decisions = rules_of(form), decisions_of(work, file)
    reader = Reader(rules, opened.items, decisions, file.source)
    if file.linking == Linking.VOLUNTEERS:
        place = work.session.get(Place, file.place_id)
        return _Taker(services, actor, opened, reader, rules, {}, None, place)
    found = finder(work, file.study_id, frozenset(decisions.keys))
    meant = {found.find(_named(opened, reader, row)) for row in rows}
    cases = [case for case in meant if isinstance(case, uuid.UUID)]
    lists = {fact.case.id: fact.as_item() for fact in facts_of(work, file.study_id, cases)}
    return _Taker(services, actor, opened, reader, rules, lists, found, None)


def _named(opened: Opened, reader: Reader, row: _Row) -> dict[str, str]:
    items = {item.key: item for item in opened.items}
    keys = {kind: items[key] for kind, key in reader.decisions.keys.items() if key in items}
    return {kind: "".join(item.answer(row.cells)) for kind, item in keys.items()}


def _take_batch(taker: _Taker, rows: Sequence[_Row]) -> None:
    file = taker.opened.file
    with taker.services.read(taker.actor) as work:
        before = _taken_before(work, file.study_id, [row.digest for row in rows])
    results = []
    for row in rows:
        if row.digest in before:
            state, why, instance_id = RowState.AGAIN, "", None
        else:
            state, why, instance_id = _take(taker, row)
        if state is RowState.TAKEN:
            before.add(row.digest)
        results.append((row, state, why, instance_id))
    with taker.services.write(taker.actor) as work:
        for row, state, why, instance_id in results:
            work.session.add(
                AnswerRow(
                    file_id=file.id,
                    row=row.number,
                    study_id=file.study_id,
                    digest=row.digest,
                    state=state.value,
                    why=why,
                    instance_id=instance_id,
                )
            )
        work.session.get_one(AnswerFile, file.id).done += len(rows)


def _taken_before(work: Work, study_id: uuid.UUID, digests: Sequence[str]) -> set[str]:
    query = (
        select(AnswerRow.digest)
        .join(AnswerFile, col(AnswerFile.id) == col(AnswerRow.file_id))
        .where(
            AnswerRow.study_id == study_id,
            AnswerRow.state == RowState.TAKEN.value,
            AnswerFile.state != FileState.UNDONE.value,
            col(AnswerRow.digest).in_(digests),
        )
    )
    return set(work.session.exec(query).all())


def _take(taker: _Taker, row: _Row) -> tuple[RowState, str, str | None]:
    """Hand one row in: what became of it, the question or rule that is why, and its instanceID."""
    try:
        answers = taker.reader.answers(row.cells)
    except DroppedRowError as error:
        return RowState.DROPPED, error.question, None
    case_id = taker.finder.find(_named(taker.opened, taker.reader, row)) if taker.finder else None
    if isinstance(case_id, RowState):
        return case_id, "", None
    instance_id = f"uuid:{uuid.uuid5(taker.opened.file.id, str(row.number))}"
    try:
        receive(
            taker.services,
            taker.actor,
            taker.opened.file.study_id,
            _xml(taker, row, {**answers.values, **_whose(taker, case_id)}, case_id, instance_id),
            {},
            channel=Channel.IMPORT,
            case_id=case_id,
            place_id=taker.place.id if taker.place else None,
        )
    except ZoufangError as error:
        return RowState.REFUSED, error.problem.name, None
    return RowState.TAKEN, " ".join(answers.unread), instance_id


def _whose(taker: _Taker, case_id: uuid.UUID | None) -> dict[str, str]:
    """The answer that names the household or the place."""
    number = taker.place.code if taker.place else ""
    if taker.finder and case_id:
        number = taker.finder.sample_ids[case_id]
    asked = [question for question in taker.rules.form.by_role("case") if question.metric.endswith("_id")]
    return {question.name: number for question in asked}


def _xml(taker: _Taker, row: _Row, answers: Mapping[str, str], case_id: uuid.UUID | None, instance_id: str) -> bytes:
    lists: dict[str, list[dict[str, str]]] = {}
    if case_id is not None:
        lists["households.csv"] = [taker.lists[case_id]]
    if taker.place is not None:
        item = {"name": taker.place.code, "label": taker.place.label, "p_county": taker.place.county}
        lists |= {"places.csv": [item], "sessions.csv": [item]}
    file = taker.opened.file
    zone = ZoneInfo(taker.services.settings.timezone)
    times = moments(taker.opened.table, row.cells, zone)
    now = file.taken_at or file.uploaded_at
    return instance(taker.rules, answers, lists, instance_id=instance_id, now=now, times=times)


def _finish(work: Work, file_id: uuid.UUID, *, more: bool) -> None:
    file = work.session.get_one(AnswerFile, file_id)
    query = (
        sa.select(col(AnswerRow.state), sa.func.count())
        .where(col(AnswerRow.file_id) == file_id)
        .group_by(col(AnswerRow.state))
    )
    file.counts = {str(row[0]): int(row[1]) for row in work.session.execute(query)}
    work.session.add(file)
    if more:
        outbox.put(work, TAKE, file_id=str(file_id))
        return
    file.state = FileState.TAKEN.value
    record(work, "answers.taken", "answer_file", file.id, study_id=file.study_id, **file.counts)
